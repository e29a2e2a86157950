import dgram from 'node:dgram';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BottleCa, mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import { type EgressBehaviour, startFakeEgress } from './fake-egress.ts';
import { printed, type Row, type Settings, TOUR, tableOf, takeTour } from './tour.ts';

/** Like the agent's: not root, whoever runs the tests. */
const UID = process.getuid?.() || 1000;

let ca: BottleCa;
let home: string;
let environment: Record<string, string>;
let settings: Settings;
let stops: (() => unknown)[];

beforeAll(async () => {
  ca = await mintBottleCa('demo-a1b2c');
});

beforeEach(async () => {
  stops = [];
  home = await mkdtemp(path.join(tmpdir(), 'bottle-tour-'));
  const trustFile = path.join(home, 'ca-certificates.crt');
  const promptFile = path.join(home, 'prompt.txt');
  await writeFile(trustFile, ca.certificatePem);
  await writeFile(promptFile, 'You are the demo agent.', { mode: 0o600 });
  if (process.getuid?.() === 0) await chown(promptFile, UID, UID);
  const closed = { host: '127.0.0.1', port: await closedPort() };
  environment = {
    GREETING: 'hello there',
    SSL_CERT_FILE: trustFile,
    BOT_BOTTLE_PROMPT_FILE: promptFile,
    BOT_BOTTLE_SLUG: 'demo-a1b2c',
    HOME: home,
  };
  settings = {
    user: { name: 'node', uid: UID, home },
    outside: [closed],
    host: [closed, { host: '127.0.0.17', port: closed.port }, { host: '::1', port: closed.port }],
    dockerSockets: [path.join(home, 'docker.sock')],
    publicResolver: `127.0.0.1:${await closedPort()}`,
    outsideName: 'nowhere.invalid',
    blockedMs: 500,
    answerMs: 4000,
  };
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await rm(home, { recursive: true, force: true });
});

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listener(host = '127.0.0.1'): Promise<{ host: string; port: number }> {
  const server = net.createServer((socket) => socket.end()).listen(0, host);
  await once(server, 'listening');
  stops.push(() => server.close());
  return { host, port: (server.address() as AddressInfo).port };
}

async function tourOf(behaviour: EgressBehaviour = {}): Promise<Row[]> {
  const egress = await startFakeEgress(ca, behaviour);
  stops.push(egress.stop);
  return takeTour({ HTTPS_PROXY: egress.url, ...environment }, settings);
}

/** The rows that are not as they should be, in words. */
const wrong = (rows: Row[]) =>
  rows.filter((row) => !row.asItShouldBe).map((row) => `${row.tried}: ${row.happened}`);

describe('the tour of a bottle', () => {
  it('finds all as it should be in a bottle that is', async () => {
    const rows = await tourOf();
    expect(wrong(rows)).toEqual([]);
    expect([...new Set(rows.map((row) => row.group))]).toEqual([
      'What the agent has',
      'What it can reach',
      'What it cannot reach',
    ]);
    const text = await tableOf(rows, { colour: false, width: 200 });
    expect(text).toContain('trusted by the system, signed by “bot-bottle demo-a1b2c egress CA”');
    expect(text).toContain('refused: example.com is not on the allowlist of this bottle');
    expect(text.split('\n').at(-1)).toBe(`${rows.length} of ${rows.length} as they should be`);
  });

  it('notices an egress that has no policy', async () => {
    const found = wrong(await tourOf({ allowAll: true }));
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('Get https://nowhere.invalid through the proxy');
    expect(found[1]).toContain('Get http://nowhere.invalid through the proxy: the answer was 200');
  });

  it("notices an egress that passes the agent's own Authorization on", async () => {
    expect(wrong(await tourOf({ passThrough: true }))).toEqual([
      'Send it a made-up token: my own Authorization came through',
    ]);
  });

  it.each([
    ['is no proof', { proof: 'trust me' }, ['Send it a made-up token: there is no proof in its answer']],
    ['fails', { status: 502 }, ['Ask the self-test', 'Send it a made-up token']],
  ])('notices an answer that %s', async (_title, behaviour, expected) => {
    const found = wrong(await tourOf(behaviour));
    expect(found).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text);
  });

  it('notices a refusal without a reason', async () => {
    expect(wrong(await tourOf({ silent: true }))).toEqual([
      'Get https://nowhere.invalid through the proxy: refused with 403, without a reason',
      'Get http://nowhere.invalid through the proxy: refused with 403, without a reason',
    ]);
  });

  it('notices a certificate that another CA signed', async () => {
    const other = await mintBottleCa('demo-d3e4f');
    await writeFile(environment.SSL_CERT_FILE ?? '', other.certificatePem);
    const found = wrong(await tourOf());
    expect(found).toHaveLength(3);
    expect(found[1]).toMatch(/Verify its certificate.*(unable to verify|unable to get|signature failure)/);
  });

  it('ends within its time when the proxy never answers', async () => {
    settings.answerMs = 300;
    const started = Date.now();
    const found = wrong(await tourOf({ hangs: true }));
    expect(found).toHaveLength(5);
    for (const text of found) expect(text).toMatch(/: no answer$/);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('ends within its time when the proxy is gone', async () => {
    const gone = `http://127.0.0.1:${await closedPort()}`;
    expect(wrong(await takeTour({ HTTPS_PROXY: gone, ...environment }, settings))).toHaveLength(5);
  });

  it.each([
    [
      'the internet',
      (target: { host: string; port: number }) => ({ outside: [target] }),
      'Connect straight to 127.0.0.1:',
    ],
    [
      'a service of the host',
      (target: { host: string; port: number }) => ({ host: [target] }),
      'reached 127.0.0.1:',
    ],
  ])('notices a way out to %s', async (_title, change, expected) => {
    Object.assign(settings, change(await listener()));
    const found = wrong(await tourOf());
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('notices a way to another bottle', async () => {
    const target = await listener('::1').catch(() => undefined);
    const other = target ?? (await listener());
    settings.host = [other];
    const found = wrong(await tourOf());
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`:${other.port}`);
  });

  it('goes on where the machine has no route to the resolver at all', async () => {
    settings.publicResolver = '255.255.255.255:53';
    const rows = await tourOf();
    expect(wrong(rows)).toEqual([]);
    expect(rows.find((row) => row.tried.includes('by UDP'))?.happened).toBe('forbidden');
  });

  it('notices a resolver that answers', async () => {
    const resolver = dgram.createSocket('udp4');
    resolver.on('message', (_message, from) => resolver.send('anything', from.port, from.address));
    resolver.bind(0, '127.0.0.1');
    await once(resolver, 'listening');
    stops.push(() => resolver.close());
    settings.publicResolver = `127.0.0.1:${resolver.address().port}`;
    settings.outsideName = 'localhost';
    const found = wrong(await tourOf());
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/Resolve the name localhost: resolved to /);
    expect(found[1]).toMatch(/by UDP: answered$/);
  });

  it('notices root, a token, a missing greeting, a prompt that others may read, a key and a Docker socket', async () => {
    settings.user = { name: 'root', uid: 0, home };
    environment.GREETING = '';
    environment.GITHUB_TOKEN = 'ghp_not_for_printing';
    await chmod(environment.BOT_BOTTLE_PROMPT_FILE ?? '', 0o644);
    await writeFile(path.join(home, '.netrc'), '');
    await writeFile(settings.dockerSockets[0] ?? '', '');
    const rows = await tourOf();
    const found = wrong(rows);
    expect(found).toHaveLength(6);
    expect(found.join('\n')).toMatch(/root.*0644.*GREETING.*GITHUB_TOKEN.*\.netrc.*docker\.sock/s);
    expect(JSON.stringify(rows)).not.toContain('ghp_not_for_printing');
  });
});

describe('the program of the demo agent', () => {
  const run = (args: string[], env: Record<string, string>) =>
    execa(process.execPath, [TOUR.pathname, ...args], {
      env: { PATH: '', ...env },
      extendEnv: false,
      reject: false,
    });

  it('says outside a bottle that this is none, and exits with 2', async () => {
    const result = await run([], {});
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('This is no bottle: HTTPS_PROXY is not set');
  });

  it('says that a proxy address that is none is none, without repeating it', async () => {
    const result = await run([], { HTTPS_PROXY: 'user:password' });
    expect(result.exitCode).toBe(2);
    expect(result.stderr).not.toContain('password');
  });

  it('exits with 1 when something is not as it should be, and prints rows as JSON when asked', async () => {
    const egress = await startFakeEgress(ca, { allowAll: true });
    stops.push(egress.stop);
    const started = Date.now();
    const result = await run(['--json'], { https_proxy: egress.url, ...environment });
    expect(Date.now() - started).toBeLessThan(4_000);
    expect(result.exitCode).toBe(1);
    const { rows, summary } = printed.parse(JSON.parse(result.stdout));
    expect(rows.length).toBeGreaterThan(14);
    expect(summary).toMatch(/^\d+ of \d+ as they should be$/);
  });

  it('prints a table without colour where nobody watches, and ends it with the sum', async () => {
    const egress = await startFakeEgress(ca);
    stops.push(egress.stop);
    const result = await run([], { HTTPS_PROXY: egress.url, ...environment });
    expect(result.stdout).not.toContain('\u001b');
    expect(result.stdout).toContain('A tour of the bottle demo-a1b2c, from inside');
    expect(result.stdout).toContain('egress replaced my Authorization');
    expect(result.stdout.split('\n').at(-1)).toMatch(/^\d+ of \d+ as they should be$/);
  });
});

describe('the table', () => {
  const rows: Row[] = [
    { group: 'One', tried: 'Try', happened: `${'word '.repeat(30)}end`, asItShouldBe: true },
    { group: 'Two', tried: 'x'.repeat(200), happened: 'bad', asItShouldBe: false },
  ];

  it.each([60, 80, 100, 500])('wraps its cells within %d columns', async (width) => {
    const lines = (await tableOf(rows, { colour: false, width })).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines.join(' ').match(/word/g)).toHaveLength(30);
    expect(lines.at(-1)).toBe('1 of 2 as they should be');
  });

  it('marks good and bad in colour on a terminal', async () => {
    const text = await tableOf(rows, { colour: true, width: 80 });
    expect(text).toContain('\u001b[32myes ✓');
    expect(text).toContain('\u001b[31mNO  ✗');
  });
});
