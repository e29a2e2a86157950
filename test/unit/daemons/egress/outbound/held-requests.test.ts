import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { constants } from 'node:http2';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bottlePaths } from '../../../../../lib/bottle/paths.ts';
import { ValueMarks } from '../../../../../lib/daemons/egress/outbound/value-marks.ts';
import { decide } from '../../../../../lib/supervise/decide.ts';
import { writeRoutesOfNewBundle } from '../../../../../lib/supervise/new-bundle.ts';
import { pendingProposals } from '../../../../../lib/supervise/queues.ts';
import { revokeGrant } from '../../../../../lib/supervise/revoke.ts';
import { beat } from '../../../../../lib/supervise/watch.ts';
import { APPROVAL } from '../../../../support/egress/approver.ts';
import { fetchOn, h2ReplyOf, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { HOST, heldScene } from '../../../../support/supervise/held-scene.ts';
import { usePreparedBottles } from '../../../../support/supervise/prepared-bottle.ts';
import { BOTTLE } from '../../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../../support/temporary-home.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const OTHER_KEY = 'AKIAZ4QX7KPM2WZL9RTV';
const SUPERVISE = join(import.meta.dirname, '../../../../../lib/daemons/supervise/main.ts');

describe('a request with a secret in it', () => {
  useTemporaryHome();
  usePreparedBottles();
  const scene = heldScene();
  const { send, pending } = scene;
  const waiting = async () => (await pendingProposals([BOTTLE]))[0]?.pending ?? [];
  const lastLine = async (lines: number) => {
    await expect.poll(() => scene.egress.log.length).toBe(lines);
    return scene.egress.log.at(-1);
  };

  it('waits for a person and then leaves, as do later ones with the same value to the same host', async () => {
    await scene.start();
    const held = send({ path: '/v1/items?page=2', body: `{"key":"${KEY}"}` });
    const proposal = await pending();
    expect(proposal.request).toEqual({
      ...{ kind: 'egress-token-allow', host: HOST, method: 'POST', path: '/v1/items', places: ['body'] },
      values: [{ kind: 'aws-access-key', mark: expect.stringMatching(/^[0-9a-f]{24}$/) }],
    });
    expect(scene.upstream.seen).toEqual([]);
    await decide(proposal, { state: 'approved' });
    expect(await held).toMatchObject({ status: 200, body: `{"key":"${KEY}"}` });
    expect(await lastLine(1)).toMatchObject({
      ...{ verdict: 'allow', secrets: ['aws-access-key'] },
      held: { outcome: 'approved', proposal: proposal.id, ms: expect.any(Number) },
    });
    expect(await send({ path: '/other', headers: { 'x-note': KEY } })).toMatchObject({ status: 200 });
    expect((await lastLine(2))?.held).toEqual({ outcome: 'approved', proposal: proposal.id, ms: 0 });
    expect(await waiting()).toEqual([]);
  });

  it('is refused with the person’s reason, and not asked about again at once', async () => {
    await scene.start();
    const held = send({ body: KEY });
    const { id } = await pending();
    await decide(await pending(), { state: 'rejected', reason: 'Use the sandbox account.' });
    const reply = await held;
    expect(reply).toMatchObject({ status: 403, headers: { 'x-bot-bottle-reason': 'secret-found' } });
    expect(reply.body).toContain(`a person refused to let it out (${id}): Use the sandbox account.`);
    expect((await send({ body: `again ${KEY}` })).body).toContain('Use the sandbox account.');
    expect(await waiting()).toEqual([]);
    expect(scene.upstream.seen).toEqual([]);
    expect((await lastLine(2))?.held).toMatchObject({ outcome: 'rejected', proposal: id });
  });

  it('is refused when what was approved could not be put in force', async () => {
    await scene.start();
    const held = send({ body: KEY });
    const proposal = await pending();
    await scene.failReload('ctl: connect ENOENT');
    await expect(decide(proposal, { state: 'approved' })).rejects.toMatchObject({
      code: 'policy-not-loaded',
    });
    expect((await held).body).toMatch(/approved it \(p-\w+\), but that could not be put in force: .*ENOENT/);
    expect(scene.upstream.seen).toEqual([]);
  });

  it('is asked about for its values alone: others of the same kind and place need another approval', async () => {
    await scene.start();
    const held = [send({ body: KEY }), send({ body: OTHER_KEY })];
    await expect.poll(waiting).toHaveLength(2);
    const [first] = await waiting();
    if (first === undefined) throw new Error('nothing waits');
    await decide(first, { state: 'approved' });
    const passed = await Promise.race(held);
    expect(passed.status).toBe(200);
    const both = send({ body: `${KEY} ${OTHER_KEY}` });
    await expect.poll(waiting).toHaveLength(2);
    for (const proposal of await waiting()) await decide(proposal, { state: 'rejected', reason: 'no' });
    expect((await both).status).toBe(403);
    expect((await Promise.all(held)).map(({ status }) => status).toSorted()).toEqual([200, 403]);
    expect(scene.upstream.seen).toHaveLength(1);
  });

  it('is asked about once when it is repeated meanwhile', async () => {
    await scene.start();
    const held = [send({ body: KEY }), send({ path: '/again', body: KEY })];
    await expect.poll(async () => (await waiting())[0]?.count).toBe(2);
    await decide(await pending(), { state: 'approved' });
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('may go to no other host than the approved one', async () => {
    const otherHost = 'other.example.com';
    await scene.start({ otherHost });
    const held = send({ body: KEY });
    await decide(await pending(), { state: 'approved' });
    expect((await held).status).toBe(200);
    const other = send({ host: otherHost, body: KEY });
    expect((await pending()).request).toMatchObject({ host: otherHost });
    await decide(await pending(), { state: 'rejected', reason: 'no' });
    expect((await other).status).toBe(403);
  });

  it.each([
    ['in the path', { path: `/x/${KEY}/y` }, ['path']],
    ['in the query', { path: `/x?key=${KEY}` }, ['query']],
    ['in base64 in the path', { path: `/${Buffer.from(KEY).toString('base64url')}` }, ['path']],
    ['in the value of a header', { headers: { 'x-note': KEY } }, ['header x-note']],
    ['in the name of a header', { headers: { [KEY]: 'x' } }, ['name of a header']],
    ['in several places', { headers: { 'x-a': KEY }, body: KEY }, ['header x-a', 'body']],
  ])('is shown without the secret: %s', async (_what, request, places) => {
    await scene.start();
    const held = send(request);
    const proposal = await pending();
    expect(proposal.request).toMatchObject({ places });
    await decide(proposal, { state: 'rejected', reason: 'no' });
    const reply = await held;
    const directory = bottlePaths.superviseQueue(BOTTLE);
    const files = await Promise.all(
      (await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')),
    );
    const told = JSON.stringify([files, reply, scene.egress.log]).toLowerCase();
    for (const form of [KEY, Buffer.from(KEY).toString('base64url'), Buffer.from(KEY).toString('hex')])
      expect(told).not.toContain(form.toLowerCase());
  });

  it('is refused when the time is up, and asked about anew after that', async () => {
    let now = Date.now();
    await scene.start({ now: () => now });
    const held = send({ body: KEY });
    const { id } = await pending();
    now += 299_000;
    expect((await waiting()).map((one) => one.id)).toEqual([id]);
    now += 1000;
    expect((await held).body).toContain(`nobody decided in time whether it may leave (${id})`);
    expect(await lastLine(1)).toMatchObject({ verdict: 'deny', held: { outcome: 'expired', proposal: id } });
    const again = send({ body: KEY });
    await expect.poll(async () => (await waiting()).filter((one) => one.id !== id)).toHaveLength(1);
    now += 300_000;
    expect((await again).status).toBe(403);
  });

  it('is refused soon while nobody watches; once it is approved, it passes when it is repeated', async () => {
    await scene.start({ timings: { unwatchedMs: 50 } });
    const reply = await send({ body: KEY });
    const proposal = await pending();
    expect(reply.status).toBe(403);
    expect(reply.body).toContain(`(${proposal.id}), but nobody watches the queue now`);
    expect(reply.body).toContain(`it passes once it is approved, until ${proposal.expires}`);
    await decide(proposal, { state: 'approved' });
    expect((await send({ body: KEY })).status).toBe(200);
  });

  it('waits on while somebody watches', async () => {
    await scene.start({ timings: { unwatchedMs: 50 } });
    await beat(BOTTLE);
    const held = send({ body: KEY });
    const proposal = await pending();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await decide(proposal, { state: 'approved' });
    expect((await held).status).toBe(200);
  });

  it('that the agent gives up stays to be decided, and passes when it is repeated', async () => {
    await scene.start({ bounds: { requests: 1, bytes: 1000 } });
    const leave = new AbortController();
    const held = send({ body: KEY, signal: leave.signal }).catch(() => 'gone');
    const proposal = await pending();
    leave.abort();
    expect(await lastLine(1)).toMatchObject({
      ...{ verdict: 'fail', reason: 'client-gone', held: { outcome: 'gone', proposal: proposal.id } },
    });
    await decide(proposal, { state: 'approved' });
    expect((await send({ body: KEY })).status).toBe(200);
    // Its place is free again.
    const next = send({ body: OTHER_KEY });
    await decide(await pending(), { state: 'approved' });
    expect((await next).status).toBe(200);
    void held;
  });

  it('waits alike over HTTP/2, where others of the session go on, and may be given up', async () => {
    await scene.start();
    const session = await openSession(scene.tunnel());
    const post = (body: string) => {
      const stream = streamOn(session, { ':method': 'POST', ':path': '/' });
      stream.end(body);
      return stream;
    };
    const [held, given] = [post(KEY), post(OTHER_KEY)];
    const reply = h2ReplyOf(held);
    expect((await fetchOn(session)).status).toBe(200);
    await expect.poll(waiting).toHaveLength(2);
    given.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => scene.egress.log.map((line) => line.held?.outcome)).toContain('gone');
    for (const proposal of await waiting()) await decide(proposal, { state: 'approved' });
    expect(await reply).toMatchObject({ status: 200, body: KEY });
    expect(scene.upstream.seen).toHaveLength(2);
    session.destroy();
  });

  it('is refused at once where it holds more values than a person can look at', async () => {
    await scene.start();
    const letters = [...'ABCDEFGHJKLMNPQR'];
    const keys = letters.flatMap((one) =>
      letters.slice(0, 5).map((other) => `AKIAQ7XKPM2WZL9R${one}${other}BN`),
    );
    expect((await send({ body: keys.join(' ') })).body).toContain('too many different ones');
    expect(await waiting()).toEqual([]);
  });

  it('is refused at once where a flood of them waits, by number and by bytes', async () => {
    await scene.start({ bounds: { requests: 3, bytes: 100_000 } });
    const keys = Array.from(
      { length: 20 },
      (_, index) => `AKIAQ7XKPM2WZL9RT${'VBNMKJHGFDSAZXCWERTY'[index]}BN`,
    );
    const replies = keys.map((key) => send({ body: key }));
    const refused: string[] = [];
    for (const reply of replies) void reply.then(({ body }) => refused.push(body)).catch(() => {});
    await expect.poll(() => refused.length).toBe(17);
    expect(refused.every((body) => body.includes('too many requests wait already'))).toBe(true);
    await expect.poll(waiting).toHaveLength(3);
    for (const proposal of await waiting()) await decide(proposal, { state: 'rejected', reason: 'no' });
    await Promise.all(replies);
    const long = await send({ body: `${KEY} ${'lorem ipsum '.repeat(10_000)}` });
    expect(long.body).toContain('too many requests wait already');
  });

  it('is refused at once, in words, where nobody can be asked', async () => {
    await scene.start({ deniesAll: true });
    expect((await send({ body: KEY })).body).toContain('this bottle runs without a person');
    expect(await waiting()).toEqual([]);
  });

  it('is refused at once where the daemon that asks is down or does not answer', async () => {
    await scene.start({ withoutSupervise: true, patienceMs: 100 });
    expect((await send({ body: KEY })).body).toContain('the daemon that asks a person does not answer');
    expect((await lastLine(1))?.held).toMatchObject({ outcome: 'unreachable', proposal: null });
    const silent = createServer(() => {}).listen(scene.socket());
    await once(silent, 'listening');
    expect((await send({ body: KEY })).body).toContain('the daemon that asks a person does not answer');
    silent.close();
  });

  it('is refused when that daemon is killed; the next one takes the proposal up', async () => {
    await scene.start({ withoutSupervise: true });
    const start = async () => {
      const env = {
        ...{ PATH: process.env.PATH, SUPERVISE_QUEUE_DIR: bottlePaths.superviseQueue(BOTTLE) },
        ...{ SUPERVISE_BOTTLE_SLUG: BOTTLE, SUPERVISE_PORT: String(await freePort()) },
        SUPERVISE_CONTROL: scene.socket(),
      };
      await rm(scene.socket(), { force: true });
      const daemon = spawn(process.execPath, [SUPERVISE], { env, stdio: 'ignore' });
      const isPrivate = async () => (await stat(scene.socket()).catch(() => undefined))?.mode;
      await expect.poll(isPrivate, { timeout: 10_000 }).toBe(0o140600);
      return daemon;
    };
    const first = await start();
    const held = send({ body: KEY });
    const proposal = await pending();
    first.kill('SIGKILL');
    expect((await held).body).toContain('what was asked already is still to be decided');
    expect((await lastLine(1))?.held).toMatchObject({ outcome: 'unreachable', proposal: proposal.id });
    const second = await start();
    const again = send({ body: KEY });
    await expect.poll(async () => (await waiting())[0]?.count).toBe(2);
    await decide(await pending(), { state: 'approved' });
    expect((await again).status).toBe(200);
    second.kill('SIGKILL');
  });

  it('does not leave when only the daemon that asks says that it is approved', async () => {
    await scene.start({ withoutSupervise: true });
    const liar = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${JSON.stringify({ state: 'approved', id: APPROVAL })}\n`);
    }).listen(scene.socket());
    await once(liar, 'listening');
    expect((await send({ body: KEY })).body).toContain('the approval is not in force');
    expect(scene.upstream.seen).toEqual([]);
    liar.close();
  });

  it('still leaves after a restart of egress, but not in the next bundle', async () => {
    await scene.start();
    const held = send({ body: KEY });
    await decide(await pending(), { state: 'approved' });
    await held;
    await scene.restartEgress(true);
    expect((await send({ body: KEY })).status).toBe(200);
    await writeRoutesOfNewBundle(BOTTLE);
    await scene.restartEgress(false);
    const again = send({ body: KEY });
    await decide(await pending(), { state: 'rejected', reason: 'no' });
    expect((await again).status).toBe(403);
  });

  it('is held again once its approval was revoked, or has ended', async () => {
    await scene.start();
    const held = send({ body: KEY });
    const { id } = await decide(await pending(), { state: 'approved', limit: { seconds: 1 } });
    expect((await held).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const ended = send({ body: KEY });
    const renewed = await decide(await pending(), { state: 'approved' });
    expect(renewed.id).not.toBe(id);
    expect((await ended).status).toBe(200);
    await revokeGrant(BOTTLE, renewed.id);
    const revoked = send({ body: KEY });
    await decide(await pending(), { state: 'rejected', reason: 'no' });
    expect((await revoked).status).toBe(403);
  });

  it('is never asked about where the name of the host carries it', async () => {
    const hex = Buffer.from('the quick brown fox').toString('hex');
    await scene.start({ otherHost: '*.example.org' });
    const reply = await send({ host: `${hex}.example.org`, body: '' });
    expect(reply.body).toContain('in the name of the host, about which no person is asked');
    expect(await waiting()).toEqual([]);
  });
});

describe('the marks of values', () => {
  const home = useTemporaryHome();

  it('stay the same for egress of one bundle, and nobody else can make them', async () => {
    const directory = join(home.path, 'run');
    const marks = await Promise.all(Array.from({ length: 5 }, () => ValueMarks.open(directory)));
    expect(new Set(marks.map((one) => one.of(KEY))).size).toBe(1);
    expect(marks[0]?.of(KEY)).not.toBe(marks[0]?.of(OTHER_KEY));
    expect(new ValueMarks().of(KEY)).not.toBe(marks[0]?.of(KEY));
    expect((await stat(join(directory, 'mark.key'))).mode & 0o777).toBe(0o600);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
