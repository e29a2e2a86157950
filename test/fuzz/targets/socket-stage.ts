import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openTunnel, replyOf, requestOn } from '../../support/egress/agent.ts';
import { testAuthority } from '../../support/egress/authority.ts';
import { startEgress } from '../../support/egress/egress.ts';
import { startUpstream } from '../../support/egress/upstream.ts';
import { claim, inTime } from '../claim.ts';
import type { Random } from '../random.ts';

export const HOST = 'a.example.com';
const TOKEN = 'zq7Kp2mW9xLr4TvB8nYc3HdF';

/** Milliseconds within which an input gets a response or a hang-up, once the client has sent everything. */
const PATIENCE_MS = 5_000;

/** Inputs between two valid requests, which must still be served. */
const CHECKED_EVERY = 50;

export interface SocketStage {
  /** Host and port of the upstream. */
  readonly target: string;
  /** Connects to the proxy port. */
  onPort(): Promise<Socket>;
  /** Opens a tunnel to the upstream. */
  inTunnel(): Promise<Socket>;
  /**
   * Writes an input in two pieces, with the upstream's port after each `HOST` without one, and waits until egress closes
   * the connection. Checks that egress responds or hangs up, and lets out only requests of the route.
   */
  play(socket: Socket, random: Random, input: string): Promise<void>;
  close(): Promise<void>;
}

/** The host where the input names no port of its own. */
const BARE_HOST = new RegExp(`${HOST.replaceAll('.', '\\.')}(?!:)`, 'g');

/** Starts the real proxy on a real socket, with one route to a local upstream. */
export async function openSocketStage(): Promise<SocketStage> {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, world.certificate]);
  const upstream = await startUpstream(await world.leaf(HOST), (request, response) => {
    request.resume().once('end', () => response.end('ok'));
  });
  const egress = await startEgress({
    authority: bottle,
    routes: [
      {
        host: HOST,
        port: upstream.port,
        private: true,
        auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' },
        matches: [{ paths: [{ type: 'prefix', value: '/v1' }] }],
      },
    ],
    environment: { EGRESS_TOKEN_0: TOKEN },
    deadlines: { firstByteMs: 500, headersMs: 500, handshakeMs: 500, idleMs: 500, keepAliveMs: 300 },
  });
  const target = `${HOST}:${upstream.port}`;
  const inTunnel = () => openTunnel({ proxyPort: egress.port, target, ca: bottle.certificate });
  let inputs = 0;

  const honest = async () => {
    const socket = await inTunnel();
    const request = requestOn(socket, { path: '/v1/honest', headers: { host: target } });
    request.end();
    claim((await replyOf(request)).status === 200, 'an honest request was not served');
    socket.destroy();
    upstream.seen.length = 0;
  };

  return {
    target,
    inTunnel,
    async onPort() {
      const socket = connect(egress.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    async play(socket, random, text) {
      const input = text.replace(BARE_HOST, target);
      const response = await responseTo(socket, random, input);
      const isHttp = response === '' || /^HTTP\/1\.1 [1-5]\d\d /.test(response);
      claim(isHttp, `no HTTP: ${JSON.stringify(response.slice(0, 200))}`);
      claim(!response.includes(TOKEN), `the token came back for ${JSON.stringify(input)}`);
      for (const { url, headers } of upstream.seen.splice(0)) {
        claim(/^\/v1(?:[/?]|$)/.test(url ?? ''), `let out ${url} for ${JSON.stringify(input)}`);
        claim(headers.host === target, `let out to ${headers.host} for ${JSON.stringify(input)}`);
        const isInjected = headers.authorization === `Bearer ${TOKEN}`;
        claim(isInjected, `without the token for ${JSON.stringify(input)}`);
      }
      inputs += 1;
      if (inputs % CHECKED_EVERY === 0) await inTime(PATIENCE_MS, 'an honest request', honest());
    },
    async close() {
      await egress.close();
      await upstream.close();
      setDefaultCACertificates(trusted);
    },
  };
}

/** Writes the input in two pieces; returns all that was received until the connection closed. */
async function responseTo(socket: Socket, random: Random, input: string): Promise<string> {
  const bytes = Buffer.from(input, 'latin1');
  let response = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    response += chunk.toString('latin1');
  });
  const cut = random.below(bytes.length + 1);
  socket.write(bytes.subarray(0, cut));
  socket.end(bytes.subarray(cut));
  // Not `once`, which would reject if egress hung up before everything was written.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (!socket.closed) await inTime(PATIENCE_MS, JSON.stringify(input), closed);
  return response;
}
