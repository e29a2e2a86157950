import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openTunnel, replyOf, requestOn } from '../../support/egress/agent.ts';
import { testAuthority } from '../../support/egress/authority.ts';
import { startEgress } from '../../support/egress/egress.ts';
import { startUpstream } from '../../support/egress/upstream.ts';
import { claim, inTime } from '../claim.ts';
import type { Random } from '../random.ts';
import type { Target } from './all.ts';

const HOST = 'a.example.com';
const TOKEN = 'zq7Kp2mW9xLr4TvB8nYc3HdF';

/** Milliseconds in which an input is answered or hung up on, once the client has said all it will say. */
const PATIENCE_MS = 5_000;

/** Inputs between two honest requests, which must still be served. */
const CHECKED_EVERY = 50;

const LINES = [
  `Host: ${HOST}`,
  'Host: evil.example',
  'host:',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 18446744073709551617',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: gzip, chunked',
  'Connection: close',
  'Connection: Upgrade, Content-Length',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Expect: 100-continue',
  'X: \0',
  ' folded',
  'Authorization: Bearer stolen',
  '',
] as const;
const METHODS = ['GET', 'POST', 'HEAD', 'CONNECT', 'TRACE', 'PRI', 'G\0T', ''] as const;
const TARGETS = [
  '/v1/x',
  '/',
  '/v1/../admin',
  '*',
  `http://${HOST}/v1`,
  'http://evil.example/',
  '//',
  '/v1/%2e%2e',
] as const;
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''] as const;
const BREAKS = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r'] as const;
const BODIES = [
  '',
  'hello',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'GET /admin HTTP/1.1\r\n\r\n',
  '\x81\x85abcdabcd',
] as const;

/**
 * The real proxy on a real socket, and what must hold whatever is written there: an answer or an end, requests of the
 * route alone at the upstream, and service to others.
 */
export async function openSocketTargets(): Promise<{
  targets: Readonly<Record<string, Target>>;
  close(): Promise<void>;
}> {
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
    deadlines: { headersMs: 500, handshakeMs: 500, idleMs: 500, keepAliveMs: 300 },
  });
  const target = `${HOST}:${upstream.port}`;
  const tunnel = () => openTunnel({ proxyPort: egress.port, target, ca: bottle.certificate });
  let inputs = 0;

  /** Writes an input in pieces, and waits for the other side to be done with it. */
  const play = async (socket: Socket, random: Random, input: string) => {
    const bytes = Buffer.from(input, 'latin1');
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    const cut = random.below(bytes.length + 1);
    socket.write(bytes.subarray(0, cut));
    socket.end(bytes.subarray(cut));
    // Not `once`, which would take for a fault that egress hung up before all was written.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    if (!socket.closed) await inTime(PATIENCE_MS, JSON.stringify(input), closed);
    claim(
      answer === '' || /^HTTP\/1\.1 [1-5]\d\d /.test(answer),
      `no HTTP: ${JSON.stringify(answer.slice(0, 200))}`,
    );
    claim(!answer.includes(TOKEN), `the token came back for ${JSON.stringify(input)}`);
    for (const { url, headers } of upstream.seen.splice(0)) {
      claim(/^\/v1(?:[/?]|$)/.test(url ?? ''), `let out ${url} for ${JSON.stringify(input)}`);
      claim(headers.host === target, `let out to ${headers.host} for ${JSON.stringify(input)}`);
      claim(headers.authorization === `Bearer ${TOKEN}`, `without the token for ${JSON.stringify(input)}`);
    }
    inputs += 1;
    if (inputs % CHECKED_EVERY === 0) await inTime(PATIENCE_MS, 'an honest request', honest());
  };

  const honest = async () => {
    const socket = await tunnel();
    const request = requestOn(socket, { path: '/v1/honest', headers: { host: target } });
    request.end();
    claim((await replyOf(request)).status === 200, 'an honest request was not served');
    socket.destroy();
    upstream.seen.length = 0;
  };

  const onPort = async () => {
    const socket = connect(egress.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const withPort = (text: string) => text.replaceAll(HOST, target);
  return {
    targets: {
      /** CONNECT heads on the proxy port. */
      connects: async (random) => {
        const authority = random.pick([
          target,
          `${HOST}:22`,
          'evil.example:443',
          '127.0.0.1:443',
          '[::1]:443',
          '',
        ]);
        const head = `CONNECT ${authority} ${random.pick(VERSIONS)}${random.pick(BREAKS)}`;
        await play(await onPort(), random, withPort(`${head}${lines(random)}${random.pick(BODIES)}`));
      },
      /** Request heads on the proxy port. */
      plainheads: async (random) => play(await onPort(), random, withPort(headOf(random))),
      /** Request heads inside a tunnel. */
      heads: async (random) => play(await tunnel(), random, withPort(headOf(random))),
    },
    close: async () => {
      await egress.close();
      await upstream.close();
      setDefaultCACertificates(trusted);
    },
  };
}

/** A request, of parts that are right more often than not. */
function headOf(random: Random): string {
  const method = random.below(3) > 0 ? random.pick(['GET', 'POST']) : random.pick(METHODS);
  const path = random.below(2) > 0 ? '/v1/x' : random.pick(TARGETS);
  const version = random.below(5) > 0 ? 'HTTP/1.1' : random.pick(VERSIONS);
  const host = random.below(4) > 0 ? `Host: ${HOST}\r\n` : '';
  return `${method} ${path} ${version}\r\n${host}${lines(random)}${random.pick(BODIES)}`;
}

function lines(random: Random): string {
  let text = '';
  for (let count = random.below(5); count > 0; count -= 1)
    text += `${random.pick(LINES)}${random.pick(BREAKS)}`;
  return `${text}${random.below(8) > 0 ? '\r\n' : ''}`;
}
