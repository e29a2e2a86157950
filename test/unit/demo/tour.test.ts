import dgram from 'node:dgram';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import { closedPort, useScene } from './scene.ts';
import { type Row, tableOf, takeTour } from './tour.ts';

const scene = useScene();

/** The rows that are not as they should be, in words. */
const wrong = (rows: Row[]) =>
  rows.filter((row) => !row.asItShouldBe).map((row) => `${row.tried}: ${row.happened}`);

describe('the tour of a bottle', () => {
  it('finds all as it should be in a bottle that is', async () => {
    const rows = await scene().tour();
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
    const found = wrong(await scene().tour({ allowAll: true }));
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('Get https://nowhere.invalid through the proxy');
    expect(found[1]).toContain('Get http://nowhere.invalid through the proxy: the answer was 200');
  });

  it("notices an egress that passes the agent's own Authorization on", async () => {
    expect(wrong(await scene().tour({ passThrough: true }))).toEqual([
      'Send it a made-up token: my own Authorization came through',
    ]);
  });

  it.each([
    ['is no proof', { proof: 'trust me' }, ['Send it a made-up token: there is no proof in its answer']],
    ['fails', { status: 502 }, ['Ask the self-test', 'Send it a made-up token']],
  ])('notices an answer that %s', async (_title, behaviour, expected) => {
    const found = wrong(await scene().tour(behaviour));
    expect(found).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text);
  });

  it('notices a refusal without a reason', async () => {
    expect(wrong(await scene().tour({ silent: true }))).toEqual([
      'Get https://nowhere.invalid through the proxy: refused with 403, without a reason',
      'Get http://nowhere.invalid through the proxy: refused with 403, without a reason',
    ]);
  });

  it('notices a certificate that another CA signed', async () => {
    const other = await mintBottleCa('demo-d3e4f');
    await writeFile(scene().environment.SSL_CERT_FILE ?? '', other.certificatePem);
    const found = wrong(await scene().tour());
    expect(found).toHaveLength(3);
    expect(found[1]).toMatch(/Verify its certificate.*(unable to verify|unable to get|signature failure)/);
  });

  it('ends within its time when the proxy never answers', async () => {
    scene().settings.answerMs = 300;
    const started = Date.now();
    const found = wrong(await scene().tour({ hangs: true }));
    expect(found).toHaveLength(5);
    for (const text of found) expect(text).toMatch(/: no answer$/);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('ends within its time when the proxy is gone', async () => {
    const gone = `http://127.0.0.1:${await closedPort()}`;
    expect(
      wrong(await takeTour({ HTTPS_PROXY: gone, ...scene().environment }, scene().settings)),
    ).toHaveLength(5);
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
    Object.assign(scene().settings, change(await scene().listener()));
    const found = wrong(await scene().tour());
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('notices a way to another bottle', async () => {
    const target = await scene()
      .listener('::1')
      .catch(() => undefined);
    const other = target ?? (await scene().listener());
    scene().settings.host = [other];
    const found = wrong(await scene().tour());
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`:${other.port}`);
  });

  it('goes on where the machine has no route to the resolver at all', async () => {
    scene().settings.publicResolver = '255.255.255.255:53';
    const rows = await scene().tour();
    expect(wrong(rows)).toEqual([]);
    expect(rows.find((row) => row.tried.includes('by UDP'))?.happened).toBe('forbidden');
  });

  it('notices a resolver that answers', async () => {
    const resolver = dgram.createSocket('udp4');
    resolver.on('message', (_message, from) => resolver.send('anything', from.port, from.address));
    resolver.bind(0, '127.0.0.1');
    await once(resolver, 'listening');
    scene().atEnd(() => resolver.close());
    scene().settings.publicResolver = `127.0.0.1:${resolver.address().port}`;
    scene().settings.outsideName = 'localhost';
    const found = wrong(await scene().tour());
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/Resolve the name localhost: resolved to /);
    expect(found[1]).toMatch(/by UDP: answered$/);
  });

  it('notices root, a token, a missing greeting, a prompt that others may read, a key and a Docker socket', async () => {
    scene().settings.user = { name: 'root', uid: 0, home: scene().home };
    scene().environment.GREETING = '';
    scene().environment.GITHUB_TOKEN = 'ghp_not_for_printing';
    await chmod(scene().environment.BOT_BOTTLE_PROMPT_FILE ?? '', 0o644);
    await writeFile(path.join(scene().home, '.netrc'), '');
    await writeFile(scene().settings.dockerSockets[0] ?? '', '');
    const rows = await scene().tour();
    const found = wrong(rows);
    expect(found).toHaveLength(6);
    expect(found.join('\n')).toMatch(/root.*0644.*GREETING.*GITHUB_TOKEN.*\.netrc.*docker\.sock/s);
    expect(JSON.stringify(rows)).not.toContain('ghp_not_for_printing');
  });
});
