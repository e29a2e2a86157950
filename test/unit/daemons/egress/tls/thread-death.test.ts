import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { threadedLeafIssuer } from '../../../../../lib/daemons/egress/tls/leaf-thread.ts';
import { connectVia, openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { proxyScene } from '../../../../support/egress/proxy-scene.ts';

const LATE_WORKER = new URL('../../../../support/egress/late-leaf-worker.ts', import.meta.url);

const scene = proxyScene();
const threads: Worker[] = [];
const note = (worker: Worker) => threads.push(worker);
process.on('worker', note);
afterEach(() => {
  threads.length = 0;
});

/** Kills the most recently started thread. */
async function kill(): Promise<void> {
  await threads.at(-1)?.terminate();
}

describe('death of the scan thread', () => {
  /** Long enough to be scanned in the thread. */
  const long = 'all work and no play makes a dull body. '.repeat(10_000);

  async function post(whileHeld: () => Promise<void>): Promise<Reply> {
    const socket = await openTunnel(scene().tunnel());
    const headers = { host: scene().tunnel().target, 'transfer-encoding': 'chunked' };
    const request = requestOn(socket, { method: 'POST', headers });
    request.write(long);
    await expect.poll(() => threads.length).toBe(1);
    await whileHeld();
    request.end(long);
    const reply = await replyOf(request);
    socket.destroy();
    return reply;
  }

  it('a body held by a dead scan thread is refused, and a new thread scans later ones', async () => {
    const reply = await post(kill);
    expect(reply.headers['x-bot-bottle-reason']).toBe('body-unscannable');
    expect(scene().upstream.seen).toEqual([]);
    threads.length = 0;
    expect(await post(async () => {})).toMatchObject({ status: 200, body: long + long });
  });
});

describe('death of the leaf thread', () => {
  let egress: EgressFixture | undefined;
  afterEach(() => egress?.close());

  it('a CONNECT waiting for a leaf thread that dies gets 500, and the next one succeeds', async () => {
    const { bottle, upstream } = scene();
    const other = { host: 'open.example.com', port: upstream.port, private: true };
    const issue = threadedLeafIssuer(bottle.authority, LATE_WORKER);
    egress = await startEgress({ authority: bottle, issue, routes: [other] });
    await expect.poll(() => threads.length).toBe(1);
    const asked = connectVia(egress.port, `open.example.com:${upstream.port}`);
    await kill();
    expect(await asked).toMatchObject({
      status: 500,
      headers: { 'x-bot-bottle-reason': 'certificate-failed' },
    });
    const tunnel = {
      ...scene().tunnel(),
      proxyPort: egress.port,
      target: `open.example.com:${upstream.port}`,
    };
    const socket = await openTunnel(tunnel);
    expect(socket.authorized).toBe(true);
    socket.destroy();
    await once(socket, 'close');
  });
});
