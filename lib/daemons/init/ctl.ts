import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { reloadReply } from '../contract/egress/reload.ts';
import { tokenSlot } from '../contract/egress/routes.ts';
import { controlReply } from '../contract/init/control.ts';
import { bundleHealth } from '../contract/init/health.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';

const USAGE = `usage: ctl.ts health            print the bundle's health as JSON
       ctl.ts wait [SECONDS]    wait until it is ready (default 20), then print it; exit 1 when it is not
       ctl.ts restart DAEMON    restart one daemon and wait until it accepts connections
       ctl.ts reload egress     have the routes read again; print the generation in force; exit 1 if it is the old one
       ctl.ts token SLOT        replace the token of a slot by the one on standard input, then reload egress
`;

/** Milliseconds between two looks at the health file. */
const LOOK_MS = 25;

async function restart(daemon: string): Promise<number> {
  const socket = connect(CONTAINER_PATHS.control);
  await once(socket, 'connect');
  socket.end(`${JSON.stringify({ restart: daemon })}\n`);
  const reply = controlReply.parse(JSON.parse(await text(socket)));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  return reply.ok ? 0 : 1;
}

async function reload(): Promise<number> {
  const socket = connect(CONTAINER_PATHS.egressControl);
  await once(socket, 'connect');
  const reply = reloadReply.parse(JSON.parse(await text(socket)));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  return reply.ok ? 0 : 1;
}

/** The file outlives a restart of egress, whose environment still has the old token. */
async function replaceToken(slot: string): Promise<number> {
  const token = (await text(process.stdin)).trim();
  if (token === '') throw new Error('there is no token on standard input');
  const file = join(CONTAINER_PATHS.slots, slot);
  await mkdir(CONTAINER_PATHS.slots, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, token, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return reload();
}

async function health(): Promise<number> {
  process.stdout.write(await readFile(CONTAINER_PATHS.health, 'utf8'));
  return 0;
}

async function wait(seconds: number): Promise<number> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const written = await readFile(CONTAINER_PATHS.health, 'utf8').catch(() => undefined);
    const ready = written !== undefined && bundleHealth.parse(JSON.parse(written)).ready;
    if (ready || Date.now() >= deadline) {
      process.stdout.write(written ?? '');
      return ready ? 0 : 1;
    }
    await sleep(LOOK_MS);
  }
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

async function run(verb: string | undefined, argument: string | undefined): Promise<number> {
  if (verb === 'health' && argument === undefined) return health();
  if (verb === 'restart' && argument !== undefined) return restart(argument);
  if (verb === 'reload' && argument === 'egress') return reload();
  if (verb === 'token' && tokenSlot.safeParse(argument).success) return replaceToken(argument ?? '');
  if (verb === 'wait' && /^[0-9]{1,4}$/.test(argument ?? '20')) return wait(Number(argument ?? 20));
  return usage();
}

try {
  const [verb, argument, ...more] = process.argv.slice(2);
  process.exitCode = more.length > 0 ? usage() : await run(verb, argument);
} catch (error) {
  process.stderr.write(`ctl: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
