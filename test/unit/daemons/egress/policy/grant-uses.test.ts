import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { usesFile } from '../../../../../lib/daemons/contract/egress/uses.ts';
import { type Reply, replyOf } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { portOf } from '../../../../support/egress/upstream.ts';

const MAIN = join(import.meta.dirname, '../../../../../lib/daemons/egress/main.ts');
let directory = '';
let daemon: ChildProcess | undefined;
let upstream: Server;
let port = 0;
let served = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grant-uses-'));
  const authority = testAuthority('a CA');
  await writeFile(join(directory, 'ca.pem'), authority.certificate + authority.keyPem);
  served = 0;
  upstream = createServer((_request, response) => {
    served += 1;
    response.end('hello');
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
});
afterEach(async () => {
  daemon?.kill('SIGKILL');
  upstream.close();
  await rm(directory, { recursive: true, force: true });
});

/** Starts egress with a route that is good for 5 requests; returns what it says until it listens or exits. */
async function start(): Promise<string> {
  const path = (name: string) => join(directory, name);
  const route = `{ host: localhost, port: ${portOf(upstream)}, private: true, max_uses: 5 }`;
  await writeFile(path('routes.yaml'), `version: 1\nroutes: [${route}]\n`);
  const files = ['--routes', path('routes.yaml'), '--ca', path('ca.pem'), '--audit', path('audit')];
  daemon = spawn(process.execPath, [MAIN, ...files, '--listen', '127.0.0.1:0'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const text of daemon.stderr ?? []) {
    said += String(text);
    if (said.includes('listening on')) break;
  }
  port = Number(/:(\d+),/.exec(said)?.[1]);
  return said;
}

async function kill(): Promise<void> {
  daemon?.kill('SIGKILL');
  await once(daemon ?? process, 'exit');
}

async function get(): Promise<Reply> {
  const url = `http://localhost:${portOf(upstream)}/`;
  const request = httpRequest({ host: '127.0.0.1', port, path: url, headers: { host: new URL(url).host } });
  request.end();
  return await replyOf(request);
}

const reasonOf = ({ headers }: Reply) => headers['x-bot-bottle-reason'];

async function counted(): Promise<number | undefined> {
  const text = await readFile(join(directory, 'audit', 'uses.json'), 'utf8');
  return usesFile.parse(JSON.parse(text)).uses[0]?.used;
}

it('uses of a grant are counted on when egress is killed and started again', async () => {
  await start();
  expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
  await kill();
  await start();
  const replies = await Promise.all(Array.from({ length: 20 }, get));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
  await kill();
  await start();
  expect(reasonOf(await get())).toBe('grant-used-up');
  expect(served).toBe(5);
  expect(await counted()).toBe(5);
});

it('a use is never let out that was not written down before', async () => {
  await start();
  const written: boolean[] = [];
  upstream.removeAllListeners('request');
  upstream.on('request', async (_request, response) => {
    served += 1;
    const now = served;
    written.push(((await counted()) ?? 0) >= now);
    response.end();
  });
  await Promise.all([get(), get(), get()]);
  expect(written).toEqual([true, true, true]);
});

it('a use that cannot be written down is refused, and is not used up', async () => {
  await start();
  const blocker = join(directory, 'audit', 'uses.json.tmp');
  await mkdir(blocker);
  for (let tries = 0; tries < 6; tries += 1) expect(reasonOf(await get())).toBe('grant-uncounted');
  expect(served).toBe(0);
  await rm(blocker, { recursive: true });
  expect((await get()).status).toBe(200);
});

it('egress does not start with counts that it cannot read', async () => {
  await mkdir(join(directory, 'audit'));
  await writeFile(join(directory, 'audit', 'uses.json'), '{"version":1,"uses":[{"route":"x","used":-1}]}');
  expect(await start()).toMatch(/fatal: .*uses\.json: it is damaged; uses of grants are counted there/);
  await expect.poll(() => daemon?.exitCode).toBe(1);
});
