import { once } from 'node:events';
import { createSecureContext } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, openSession } from '../../../../support/egress/h2-agent.ts';
import { startH2Upstream } from '../../../../support/egress/h2-upstream.ts';
import { type Hop, startHop } from '../../../../support/egress/hop.ts';
import {
  nextMessage,
  openWebSocket,
  startSocketUpstream,
  webSocketVia,
} from '../../../../support/egress/web-socket.ts';

const HOST = 'api.example.com';
const TOKEN = 'tok-3c1f0a97d2';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trust = createSecureContext({ ca: world.certificate });

let hop: Hop;
let egress: EgressFixture;
afterEach(async () => {
  await egress.close();
  await hop.close();
});

describe('protocols through an upstream proxy', () => {
  it('a WebSocket opens through the upstream proxy and never around it', async () => {
    const chat = await startSocketUpstream(await world.leaf(HOST));
    const auth = { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' };
    hop = await startHop();
    egress = await startEgress({
      authority: bottle,
      routes: [{ host: HOST, port: chat.port, private: true, auth }],
      environment: { EGRESS_TOKEN_0: TOKEN },
      proxy: { ...hop.proxy, trust },
    });
    const target = `${HOST}:${chat.port}`;
    const socket = await openWebSocket({ proxyPort: egress.port, target, ca: bottle.certificate });
    socket.send('hello');
    expect(await nextMessage(socket)).toBe('hello');
    expect(hop.tunnels).toEqual([target]);
    expect(chat.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    socket.terminate();
    await hop.close();
    const refused = await webSocketVia({ proxyPort: egress.port, target, ca: bottle.certificate });
    const [, answer] = await once(refused, 'unexpected-response');
    expect([answer.statusCode, answer.headers['x-bot-bottle-reason']]).toEqual([
      502,
      'upstream-proxy-failed',
    ]);
    expect(chat.asked).toHaveLength(1);
    await chat.close();
  });

  it('HTTP/2 works end to end in a tunnel of the upstream proxy', async () => {
    const grpc = await startH2Upstream(await world.leaf(HOST), (stream) => {
      stream.respond({}, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end('hello');
    });
    const auth = { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' };
    hop = await startHop();
    egress = await startEgress({
      authority: bottle,
      routes: [{ host: HOST, port: grpc.port, private: true, auth }],
      environment: { EGRESS_TOKEN_0: TOKEN },
      proxy: { ...hop.proxy, trust },
    });
    const target = `${HOST}:${grpc.port}`;
    const session = await openSession({ proxyPort: egress.port, target, ca: bottle.certificate });
    for (const path of ['/1', '/2']) {
      const reply = await fetchOn(session, { ':path': path });
      expect([reply.body, reply.trailers['grpc-status']]).toEqual(['hello', '0']);
    }
    expect(hop.tunnels).toEqual([target]);
    expect(grpc.seen).toMatchObject([{ authorization: `Bearer ${TOKEN}` }, { ':path': '/2' }]);
    await hop.close();
    for (const open of grpc.sessions) open.destroy();
    const reason = async () => (await fetchOn(session)).headers['x-bot-bottle-reason'];
    await expect.poll(reason).toBe('upstream-proxy-failed');
    expect(grpc.seen).toHaveLength(2);
    session.destroy();
    await grpc.close();
  });
});
