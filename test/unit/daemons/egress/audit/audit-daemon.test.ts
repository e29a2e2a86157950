import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AUDITS } from '../../../../../lib/daemons/contract/audit-files.ts';
import { auditEntry } from '../../../../../lib/daemons/contract/egress/audit.ts';
import { LEARNED_FILE, learnedFile } from '../../../../../lib/daemons/contract/egress/learned.ts';
import { connectVia } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { portOf } from '../../../../support/egress/upstream.ts';
import { HANDSHAKE, startSocketUpstream } from '../../../../support/egress/web-socket.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', '..', '..', 'lib', 'daemons', 'egress', 'main.ts');
let directory = '';
let daemon: ChildProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'audit-daemon-'));
  const authority = testAuthority('a CA');
  await writeFile(join(directory, 'ca.pem'), authority.certificate + authority.keyPem);
});
afterEach(async () => {
  daemon?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  return port;
}

/** Starts egress on its own; returns its stderr until it listens or exits. */
async function start(routes: string, audit: string, port: number): Promise<string> {
  const path = (name: string) => join(directory, name);
  await writeFile(path('routes.yaml'), routes);
  const files = ['--routes', path('routes.yaml'), '--ca', path('ca.pem'), '--control', path('ctl')];
  daemon = spawn(process.execPath, [MAIN, ...files, '--audit', audit, '--listen', `127.0.0.1:${port}`], {
    env: { PATH: process.env.PATH, BOT_BOTTLE_SLUG: 'demo-a1b2c' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const text of daemon.stderr ?? []) {
    said += String(text);
    if (said.includes('listening on')) break;
  }
  return said;
}

it('egress loses no denials when it is told to stop', async () => {
  const port = await freePort();
  await start('version: 1\nlearn: true\nroutes: []\n', join(directory, 'audit'), port);
  const hosts = Array.from({ length: 50 }, (_, index) => `h${index}.example`);
  await Promise.all(hosts.map((host) => connectVia(port, `${host}:443`)));
  daemon?.kill('SIGTERM');
  expect(await once(daemon ?? process, 'exit')).toEqual([0, null]);

  const text = await readFile(join(directory, 'audit', AUDITS.egress.nameOf(1)), 'utf8');
  const entries = text
    .split('\n')
    .slice(0, -1)
    .map((line) => auditEntry.parse(JSON.parse(line)));
  expect(entries.map(({ host }) => host).toSorted()).toEqual(hosts.toSorted());
  expect(entries[0]).toMatchObject({ bottle: 'demo-a1b2c', verdict: 'deny', generation: 1 });
  const learned = JSON.parse(await readFile(join(directory, 'audit', LEARNED_FILE), 'utf8'));
  expect(learnedFile.parse(learned).denials).toHaveLength(50);
});

it('egress audits exchanges that are still open when it is told to stop', async () => {
  const port = await freePort();
  const upstream = await startSocketUpstream(undefined);
  const route = `{ host: localhost, port: ${upstream.port}, private: true }`;
  await start(`version: 1\nlog: 1\nroutes: [${route}]\n`, join(directory, 'audit'), port);
  const target = `localhost:${upstream.port}`;
  const lines = Object.entries({ host: target, ...HANDSHAKE }).map(([name, value]) => `${name}: ${value}`);
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET http://${target}/socket HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  expect(String(await once(socket, 'data'))).toContain('101 Switching Protocols');
  daemon?.kill('SIGTERM');
  await once(daemon ?? process, 'exit');
  const text = await readFile(join(directory, 'audit', AUDITS.egress.nameOf(1)), 'utf8');
  const entry = { protocol: 'websocket', verdict: 'fail', reason: 'egress-ended', status: 101 };
  expect(auditEntry.parse(JSON.parse(text))).toMatchObject(entry);
  await upstream.close();
});

it('egress does not start if it cannot write its audit', async () => {
  await mkdir(join(directory, 'audit'));
  await mkdir(join(directory, 'audit', AUDITS.egress.nameOf(1)));
  const said = await start('version: 1\nroutes: []\n', join(directory, 'audit'), await freePort());
  expect(said).toMatch(/fatal: .*EISDIR/);
});
