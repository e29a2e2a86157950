/**
 * Relays the connections to one machine's mounted sockets. Its first line of input is a JSON array of host
 * paths: it listens on the nodes `socket0`, `socket1`, … in its working directory, prints `ready`, and
 * connects to a node's host path for each connection to that node. Its second line identifies the machine's
 * process, and the relay exits when that process ends. Without the second line it exits at end of input, that
 * is, with the process that starts the machine.
 */
import { chmodSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { isAlive } from '../system/process.ts';

/** Milliseconds between checks whether the machine is alive. */
const LOOK_MS = 500;

const pathsSchema = z.array(z.string());
const machineSchema = z.strictObject({ pid: z.number().int(), startTime: z.number().int() });

/** Each direction ends by itself and waits for its reader; an error ends both. */
function join(guest: Socket, host: Socket): void {
  for (const [from, to] of [
    [guest, host],
    [host, guest],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
  }
}

async function listen(node: string, path: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (guest) => {
    join(guest, connect({ path, allowHalfOpen: true }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(node, () => resolve());
  });
  chmodSync(node, 0o777);
}

process.on('SIGHUP', () => undefined);
const input = createInterface({ input: process.stdin });
let bound = false;
let started = false;
input.on('line', (line) => {
  if (!started) {
    started = true;
    const paths = pathsSchema.parse(JSON.parse(line));
    Promise.all(paths.map((path, index) => listen(`socket${index}`, path))).then(
      () => process.stdout.write('ready\n'),
      () => process.exit(1),
    );
    return;
  }
  const machine = machineSchema.parse(JSON.parse(line));
  bound = true;
  setInterval(() => {
    if (!isAlive(machine)) process.exit(0);
  }, LOOK_MS);
});
input.on('close', () => {
  if (!bound) process.exit(0);
});
process.stdout.on('error', () => undefined);
