import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditEntry } from '../../../../lib/daemons/contract/egress/audit.ts';
import { readCommandLine } from '../../../../lib/daemons/egress/command-line.ts';
import { connectVia, fetchVia } from '../../../support/egress/agent.ts';
import { testAuthority } from '../../../support/egress/authority.ts';
import { startUpstream } from '../../../support/egress/upstream.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', '..', 'lib', 'daemons', 'egress', 'main.ts');
const GIVEN = ['--routes', 'routes.yaml', '--ca', 'ca.pem', '--listen', '127.0.0.1:0'];
const own = testAuthority('my own CA');
const world = testAuthority('the CA that upstreams have');

let directory = '';
let egress: Running | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alone-'));
  await writeFile(join(directory, 'ca.pem'), own.certificate + own.keyPem);
  await writeFile(join(directory, 'world.pem'), world.certificate);
  await writeFile(join(directory, 'routes.yaml'), 'version: 1\nroutes: []\n');
});
afterEach(async () => {
  egress?.process.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

interface Running {
  readonly process: ChildProcess;
  /** Output so far. */
  readonly out: () => string;
  readonly err: () => string;
}

/** Starts egress as an operator would, in a directory of their own. */
function run(args: readonly string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: join(directory, 'world.pem'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout?.on('data', (text) => {
    said.out += String(text);
  });
  child.stderr?.on('data', (text) => {
    said.err += String(text);
  });
  egress = { process: child, out: () => said.out, err: () => said.err };
  return egress;
}

/** The port that it reports to listen on. */
async function portOf({ err }: Running): Promise<number> {
  await expect.poll(err, { timeout: 10_000 }).toMatch(/^listening on 127\.0\.0\.1:[1-9]/m);
  return Number(/listening on 127\.0\.0\.1:(\d+)/.exec(err())?.[1]);
}

async function ended(args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const running = run(args);
  const [code]: unknown[] = await once(running.process, 'close');
  return { code, out: running.out(), err: running.err() };
}

describe('standalone egress', () => {
  it('standalone egress needs only routes, a CA and an address, and leaves no files behind', async () => {
    const upstream = await startUpstream(await world.leaf('localhost'), (request, response) => {
      response.end(`you are ${request.headers.authorization}`);
    });
    const route = `{ host: localhost, port: ${upstream.port}, private: true, auth: { scheme: Bearer, slot: EGRESS_TOKEN_0 } }`;
    await writeFile(join(directory, 'routes.yaml'), `version: 1\nlog: 2\nroutes:\n  - ${route}\n`);
    const before = await readdir(directory);
    const running = run(GIVEN, { EGRESS_TOKEN_0: 'a-token-of-mine' });
    const proxyPort = await portOf(running);
    expect(running.err()).toBe(`listening on 127.0.0.1:${proxyPort}, 2 routes with the built-in one\n`);

    const target = `localhost:${upstream.port}`;
    const reply = await fetchVia({ proxyPort, target, ca: own.certificate });
    expect(reply).toMatchObject({ status: 200, body: `you are Bearer ${'*'.repeat(15)}` });
    expect(upstream.seen[0]?.headers.authorization).toBe('Bearer a-token-of-mine');
    const refused = await fetchVia({ proxyPort, target: 'example.com:443', ca: own.certificate });
    expect(refused).toMatchObject({ status: 403, body: expect.stringContaining('host-unlisted') });

    running.process.kill('SIGINT');
    expect(await once(running.process, 'close')).toEqual([0, null]);
    const lines = running.out().trimEnd().split('\n');
    const entries = lines.map((line) => auditEntry.parse(JSON.parse(line)));
    expect(entries).toContainEqual(expect.objectContaining({ bottle: null, verdict: 'allow', status: 200 }));
    expect(entries).toContainEqual(expect.objectContaining({ verdict: 'deny', host: 'example.com' }));
    expect(await readdir(directory)).toEqual(before);
    await upstream.close();
  });

  it('standalone egress reloads on SIGHUP and survives the loss of its audit reader', async () => {
    const plainly = 'version: 1\nexplain_denials: false\nroutes:';
    await writeFile(join(directory, 'routes.yaml'), `${plainly} []\n`);
    const running = run(GIVEN);
    const port = await portOf(running);
    running.process.stdout?.destroy();
    expect((await connectVia(port, 'one.example:443')).status).toBe(403);
    await writeFile(join(directory, 'routes.yaml'), 'version: 1\nroutes:\n  - hots: x\n');
    running.process.kill('SIGHUP');
    await expect
      .poll(running.err)
      .toMatch(/routes kept as they were: routes\.yaml:3: [\s\S]*hots: unknown key/);
    await writeFile(join(directory, 'routes.yaml'), `${plainly}\n  - host: one.example\n`);
    running.process.kill('SIGHUP');
    await expect.poll(running.err).toMatch(/routes read again: generation 2/);
    expect((await connectVia(port, 'one.example:443')).status).toBe(200);
    expect((await connectVia(port, 'two.example:443')).status).toBe(403);
    expect(running.err().match(/cannot write to standard output/g)).toHaveLength(1);
  });

  it('egress --help lists the flags', async () => {
    const { code, out, err } = await ended(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const flag of ['--routes FILE', '--ca FILE', '--listen ADDRESS:PORT', '--audit DIR', '--control'])
      expect(out).toContain(flag);
  });

  it.each([
    [['--routes', 'routes.yaml'], 2, /--ca FILE is missing.*--help/],
    [[...GIVEN, '--routes', 'none.yaml'], 1, /--routes none\.yaml: there is no such file/],
    [[...GIVEN, '--ca', 'none.pem'], 1, /--ca none\.pem: there is no such file/],
    [[...GIVEN, '--control', 'none/socket'], 1, /--control none\/socket: its directory is not there/],
  ])('egress exits at once with a one-line error for %j', async (args, code, line) => {
    const result = await ended(args);
    expect(result).toMatchObject({ code, out: '', err: expect.stringMatching(line) });
    expect(result.err.match(/\n/g)).toHaveLength(1);
  });

  it.each([
    [['--ca', 'ca.pem'], /--routes FILE is missing/],
    [['--rotes', 'routes.yaml'], /Unknown option '--rotes'/],
    [['routes.yaml'], /Unexpected argument 'routes\.yaml'/],
    [[...GIVEN, '--listen', 'localhost'], /--listen localhost: write ADDRESS:PORT/],
    [[...GIVEN, '--listen', '127.0.0.1:70000'], /--listen 127\.0\.0\.1:70000: write/],
    [[...GIVEN, '--listen', '::1:80'], /--listen ::1:80: write/],
  ])('the command line rejects %j', (args, message) => {
    expect(() => readCommandLine(args)).toThrow(message);
  });

  it('the command line accepts an IPv6 address and defaults to loopback', () => {
    const [routes, ca] = [GIVEN.slice(0, 2), GIVEN.slice(2, 4)];
    expect(readCommandLine([...routes, ...ca])).toMatchObject({ listen: { host: '127.0.0.1', port: 9099 } });
    expect(readCommandLine([...GIVEN, '--listen', '[::1]:80'])).toMatchObject({
      listen: { host: '::1', port: 80 },
    });
  });
});
