import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decide, requireProposal } from '../../../../lib/supervise/decide.ts';
import { pendingProposals } from '../../../../lib/supervise/queues.ts';
import { prepareBottle, usePreparedBottles } from '../../../support/supervise/prepared-bottle.ts';
import { BOTTLE, call } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const MAIN = join(import.meta.dirname, '../../../../lib/daemons/supervise/main.ts');
const ALLOW = { host: 'pypi.org', reason: 'To install requests.' };

describe('a daemon that is killed', () => {
  const home = useTemporaryHome();
  usePreparedBottles();
  beforeEach(() => prepareBottle());
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const daemon of running) daemon.kill('SIGKILL');
  });

  const queue = () => join(home.path, 'home', 'state', BOTTLE, 'supervise', 'queue');

  async function startDaemon(environment: Record<string, string> = {}) {
    await mkdir(queue(), { recursive: true });
    const port = await freePort();
    const env = {
      PATH: process.env.PATH,
      SUPERVISE_QUEUE_DIR: queue(),
      SUPERVISE_BOTTLE_SLUG: BOTTLE,
      SUPERVISE_PORT: String(port),
      SUPERVISE_CONTROL: join(home.path, 'supervise.sock'),
      ...environment,
    };
    const daemon = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(daemon);
    let said = '';
    daemon.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    const url = `http://127.0.0.1:${port}/mcp`;
    await Promise.race([listens(url), once(daemon, 'exit')]);
    return { daemon, url, said: () => said };
  }

  async function agentAt(url: string): Promise<Client> {
    const client = new Client({ name: 'agent', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    return client;
  }

  async function nextId(): Promise<string> {
    const find = async () => (await pendingProposals([BOTTLE]))[0]?.pending[0]?.id;
    await expect.poll(find, { timeout: 5000 }).toBeDefined();
    return String(await find());
  }

  it('in the middle of a call has lost nothing: the next one answers the same call with the decision', async () => {
    const first = await startDaemon();
    const cut = call(await agentAt(first.url), 'allow', ALLOW, { timeout: 3000 }).catch(() => undefined);
    const id = await nextId();
    first.daemon.kill('SIGKILL');
    await once(first.daemon, 'exit');
    await decide(await requireProposal(BOTTLE, id), { state: 'approved', note: 'while it was down' });
    const second = await startDaemon();
    const { json } = await call(await agentAt(second.url), 'allow', ALLOW);
    expect(json).toMatchObject({ status: 'approved', id, note: 'while it was down' });
    await cut;
  });

  it('while it wrote a proposal leaves nothing that the next one trips over', async () => {
    await mkdir(queue(), { recursive: true });
    const half = join(queue(), '.p-0r3k7m.json.0123456789ab.tmp');
    await writeFile(half, '{"version":1,"id":"p-0r3');
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(half, longAgo, longAgo);
    await writeFile(join(queue(), 'p-0r3k7n.json'), '{"version":1,"id":"p-0r3');
    await writeFile(join(queue(), 'p-0r3k7p.decision.json'), '{}');
    const { url, said } = await startDaemon();
    expect((await agentAt(url)).getServerVersion()).toMatchObject({ name: 'bot-bottle-supervise' });
    expect(said()).toBe('"p-0r3k7n.json" is not used: not JSON\n');
    expect(await pendingProposals([BOTTLE])).toMatchObject([{ pending: [], problems: [] }]);
  });

  it.each([
    ['SUPERVISE_PORT', 'all', /SUPERVISE_PORT/],
    ['BOT_BOTTLE_SUPERVISE', 'denied', /BOT_BOTTLE_SUPERVISE/],
    ['SUPERVISE_QUEUE_DIR', '/nonexistent', /ENOENT/],
  ])('does not start with %s=%s', async (name, value, error) => {
    const { daemon, said } = await startDaemon({ [name]: value });
    expect(daemon.exitCode).toBe(1);
    expect(said()).toMatch(error);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listens(url: string): Promise<void> {
  while (!(await fetch(url).catch(() => undefined))) await new Promise((resolve) => setTimeout(resolve, 50));
}
