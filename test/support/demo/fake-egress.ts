import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import type { BottleCa } from '../../../lib/certs/ca-profile.ts';
import { leafOf } from '../leaf.ts';

export interface EgressBehavior {
  /** Lets every host through, as an egress without a policy would. */
  allowAll?: boolean;
  /** Passes the agent's own Authorization on in place of the bottle's token. */
  passThrough?: boolean;
  /** What stands in the place of the proof. */
  proof?: string;
  status?: number;
  /** Refuses without saying why. */
  silent?: boolean;
  /** Accepts connections and never answers. */
  hangs?: boolean;
}

const SELFTEST = 'selftest.bot-bottle.internal';
const NONCE = 'nonce-of-this-launch';

/** Egress and its self-test upstream on real sockets, as far as the tour sees them. */
export async function startFakeEgress(ca: BottleCa, behavior: EgressBehavior = {}) {
  const secureContext = tls.createSecureContext(leafOf(ca, SELFTEST));
  const sockets = new Set<Socket>();
  const upstream = http.createServer((request, response) => {
    const challenge = new URL(request.url ?? '/', `https://${SELFTEST}`).searchParams.get('challenge') ?? '';
    const sent = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const key = behavior.passThrough ? sent : NONCE;
    const proof = behavior.proof ?? createHmac('sha256', key).update(challenge).digest('hex');
    response.writeHead(behavior.status ?? 200).end(JSON.stringify({ proof }));
  });
  const reason = behavior.silent ? '' : 'example.com is not on the allowlist of this bottle';
  const proxy = http.createServer((_request, response) => {
    if (behavior.hangs) return;
    if (behavior.allowAll) return void response.end('hello');
    response.writeHead(403, behavior.silent ? {} : { 'x-bot-bottle-reason': reason }).end(reason);
  });
  proxy.on('connection', (socket) => sockets.add(socket));
  proxy.on('connect', (request: http.IncomingMessage, socket: Socket) => {
    socket.on('error', () => undefined);
    if (behavior.hangs) return;
    if (!behavior.allowAll && request.url !== `${SELFTEST}:443`) {
      socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${reason.length}\r\n\r\n${reason}`);
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    const secured = new tls.TLSSocket(socket, { isServer: true, secureContext });
    secured.on('error', () => undefined);
    upstream.emit('connection', secured);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
