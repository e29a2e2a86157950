import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineHolds, KIT, ON_ALL_FAKES, useSandboxes } from '../support/kit.ts';
import { StandIn } from '../support/stand-in.ts';

const HOST = 'wanted.example';
const sandbox = useSandboxes();
const upstream = new StandIn<{ url: string }>(join(KIT, 'test/support/supervise/hello.ts'), [HOST]);

/** One bottle a version. Tests of agents ask persons on the newest one. */
const VERSIONS = ON_ALL_FAKES ? ['0.8.0', '1.9.3'] : ['0.8.0'];
const bottles = VERSIONS.map((version) => ({ version, user: sandbox(), slug: '' }));
const leaves: (() => void)[] = [];

beforeAll(async () => {
  await upstream.start();
  await Promise.all(bottles.map(bringUp));
});
afterAll(async () => {
  for (const leave of leaves) leave();
  await Promise.all(bottles.map(({ user, slug }) => user.run('teardown', ['--bottle', slug, '--discard'])));
  await upstream.stop();
  expect(await engineHolds()).toEqual([]);
});

async function bringUp(bottle: (typeof bottles)[number]): Promise<void> {
  const { user, version } = bottle;
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  user.env.NODE_EXTRA_CA_CERTS = upstream.roots;
  await user.writeAgent('asker', ['true']);
  const prepared = await user.run('prepare', ['--agent', 'asker']);
  bottle.slug = prepared.stdout.trim();
  leaves.push(upstream.serve(user));
  const up = await user.run('up', ['--bottle', bottle.slug]);
  expect(up.exitCode, up.stderr).toBe(0);
}

/** Prints status and answer of a request. */
const GET = `
  const answer = await fetch('https://${HOST}/' + process.argv[1]);
  console.log(answer.status, await answer.text());
`;

/** Prints status and answer of a request that sends a text. */
const POST = `
  const answer = await fetch('https://${HOST}/', { method: 'POST', body: process.argv[1] });
  console.log(answer.status, await answer.text());
`;

/** Looks like a key. */
const KEY = 'AKIAQ7XKPM2WZL9RTVBN';

/** Calls a tool of the MCP server and prints what a model would read. */
const CALL = `
  const [name, input] = process.argv.slice(1);
  const answer = await fetch(process.env.MCP_SUPERVISE_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: JSON.parse(input) },
    }),
  });
  const events = (await answer.text()).split('\\n').filter((line) => line.startsWith('data:'));
  console.log(JSON.parse(events.at(-1).slice(5)).result.content[0].text);
`;

describe.each(bottles)('a supervised bottle on smolvm $version', (bottle) => {
  const { user } = bottle;

  const run = (script: string, ...args: string[]) => user.run(script, ['--bottle', bottle.slug, ...args]);

  async function agent(script: string, ...args: string[]): Promise<string> {
    const node = ['node', '--use-env-proxy', '--input-type=module', '-e', script, ...args];
    const { stdout, stderr } = await run('exec', '--', ...node);
    return stdout.trim() || stderr;
  }

  const get = (path = '') => agent(GET, path);
  const call = async (name: string, input: object) =>
    JSON.parse(await agent(CALL, name, JSON.stringify(input)));

  /** The id of the one proposal that waits. */
  async function pending(): Promise<string> {
    const queue = join(user.home, 'state', bottle.slug, 'supervise', 'queue');
    const waiting = async () => {
      const names = await readdir(queue);
      const ids = names.flatMap((name) => /^(p-[0-9a-z]{6})\.json$/.exec(name)?.[1] ?? []);
      return ids.filter((id) => !names.includes(`${id}.decision.json`));
    };
    await expect.poll(waiting, { timeout: 20_000 }).toHaveLength(1);
    return (await waiting())[0] ?? '';
  }

  it.concurrent('lets out what a person approves, as often as approved, and until it is revoked', async () => {
    const denied = await get();
    expect(denied).toContain('403 bot-bottle egress refused this request (host-unlisted)');
    expect(denied).toContain('Ask for it with the tool `allow` of the MCP server `supervise`.');

    const asked = call('allow', { host: HOST, methods: ['GET'], reason: 'To read it.' });
    const approved = await run('approve', '--id', await pending(), '--uses', '2');
    expect(approved.exitCode, approved.stderr).toBe(0);
    expect(await asked).toMatchObject({
      status: 'approved',
      limit: { uses: 2 },
      message: expect.stringMatching(/^Approved\. It is in force, as generation 2/),
    });
    expect([await get(), await get()]).toEqual(['200 hello', '200 hello']);
    expect(await get()).toContain('(grant-used-up)');
    expect((await run('routes')).stdout).toContain(`${HOST}  GET, 0 of 2 uses left`);

    const rejected = call('allow', { host: HOST, reason: 'All of it.' });
    await run('reject', '--id', await pending(), '--reason', 'Reading is enough.');
    expect(await rejected).toMatchObject({ status: 'rejected', reason: 'Reading is enough.' });

    const again = call('allow', { host: HOST, reason: 'To read more.' });
    const id = await pending();
    const narrower = await run('approve', '--id', id, '--methods', 'GET', '--below', '/docs/');
    expect(narrower.exitCode, narrower.stderr).toBe(0);
    expect(await again).toMatchObject({
      status: 'modified',
      request: { methods: ['GET'], pathPrefix: '/docs/' },
    });
    expect(await get('docs/x')).toBe('200 hello');
    expect((await run('routes')).stdout).toContain(`${HOST}  GET below /docs/\n  ${id}, granted `);
    expect((await run('keep-routes')).stdout).toContain('value: /docs/');
    const revoked = await run('revoke', '--id', id);
    expect(revoked.exitCode, revoked.stderr).toBe(0);
    expect(await get('docs/x')).toContain('403');
    expect((await run('routes')).stdout).not.toContain(id);

    const opened = call('allow', { host: HOST, reason: 'To send a report.' });
    await run('approve', '--id', await pending());
    expect(await opened).toMatchObject({ status: 'approved' });
    const held = agent(POST, `key=${KEY}`);
    const letOut = await run('approve', '--id', await pending());
    expect(letOut.exitCode, letOut.stderr).toBe(0);
    expect(letOut.stderr).not.toContain(KEY);
    expect(await held).toBe('200 hello');
    expect(await agent(POST, `again key=${KEY}`)).toBe('200 hello');
    expect((await run('routes')).stdout).toContain(`${HOST}  may be sent aws-access-key #`);
  });
});
