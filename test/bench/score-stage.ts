import { once } from 'node:events';
import {
  type ClientRequest,
  createServer as createHttpServer,
  request as httpRequest,
  type RequestListener,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { AuditEntry } from '../../lib/daemons/contract/egress/audit.ts';
import type { Route } from '../../lib/daemons/contract/egress/routes.ts';
import { connectVia, openTunnel, type Reply, replyOf, requestOn } from '../support/egress/agent.ts';
import { testAuthority } from '../support/egress/authority.ts';
import { startEgress } from '../support/egress/egress.ts';
import { portOf } from '../support/egress/upstream.ts';
import type { Exchange } from './corpus-request.ts';
import { answerMessages, handshakeHeaders, playFrames } from './score-web-socket.ts';

export interface Outcome {
  /** Whether the request reached the upstream and the agent got the upstream's response. */
  readonly passed: boolean;
  /** Machine-readable reason of the refusal, from a header or a close frame. */
  readonly reason: string | undefined;
  readonly entry: AuditEntry | undefined;
}

export interface Stage {
  play(exchange: Exchange): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * Starts the real proxy between a real client and real upstreams, all on loopback; `routesFor` makes its
 * policy.
 */
export async function openStage(
  routesFor: (ports: { plain: number; secure: number }) => Route[],
): Promise<Stage> {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  setDefaultCACertificates([...getCACertificates('default'), world.certificate]);
  let current: Exchange | undefined;
  const listener: RequestListener = (request, response) => {
    request.resume();
    const body = current?.answer ?? '';
    response.writeHead(200, {
      'content-type': current?.answerType ?? 'text/plain',
      'x-upstream': 'yes',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  const plain = createHttpServer(listener).listen(0, '127.0.0.1');
  const secure = createHttpsServer(
    {
      SNICallback: (name, done) =>
        void world.leaf(name).then((leaf) => done(null, createSecureContext({ ...leaf })), done),
    },
    listener,
  ).listen(0, '127.0.0.1');
  for (const server of [plain, secure]) answerMessages(server, () => current?.answer ?? '');
  await Promise.all([once(plain, 'listening'), once(secure, 'listening')]);
  const ports = { plain: portOf(plain), secure: portOf(secure) };
  const egress = await startEgress({ authority: bottle, routes: routesFor(ports) });

  /** Starts a request without ending it, or returns the proxy's refusal of its tunnel. */
  const begin = async (exchange: Exchange): Promise<ClientRequest | Reply> => {
    const port = exchange.secure ? ports.secure : ports.plain;
    const target = `${exchange.host}:${port}`;
    const handshake = exchange.frames === undefined ? {} : handshakeHeaders;
    const headers = { host: target, ...exchange.headers, ...handshake };
    const { method } = exchange;
    if (!exchange.secure) {
      const path = `http://${target}${exchange.target}`;
      return httpRequest({ host: '127.0.0.1', port: egress.port, method, path, headers });
    }
    const refused = await connectVia(egress.port, target);
    refused.socket.destroy();
    if (refused.status !== 200) return { status: refused.status, headers: refused.headers, body: '' };
    const socket = await openTunnel({ proxyPort: egress.port, target, ca: bottle.certificate });
    return requestOn(socket, { method, path: exchange.target, headers });
  };

  /** Sends the exchange; returns whether the upstream's response came back whole, or else the reason. */
  const ask = async (exchange: Exchange): Promise<{ passed: boolean; reason?: string }> => {
    const begun = await begin(exchange);
    const isRefused = !('end' in begun);
    if (exchange.frames !== undefined && !isRefused) {
      const told = await playFrames(begun, exchange.frames);
      if (told !== undefined && 'answer' in told) return { passed: told.answer === exchange.answer };
      return { passed: false, ...told };
    }
    if (!isRefused) begun.end(exchange.body);
    const reply = isRefused ? begun : await replyOf(begun).finally(() => begun.destroy());
    const reason = reply.headers['x-bot-bottle-reason'];
    return {
      passed: reply.headers['x-upstream'] === 'yes' && reply.body === exchange.answer,
      ...(typeof reason === 'string' ? { reason } : {}),
    };
  };

  return {
    async play(exchange) {
      current = exchange;
      egress.log.length = 0;
      const told = await ask(exchange).catch((error: unknown) => ({ passed: false, error }));
      // The audit entry is written when the exchange is over, possibly after the agent has its response.
      for (let tries = 0; tries < 100 && egress.log.length === 0; tries += 1) await sleep(5);
      const entry = egress.log.find(({ verdict }) => verdict !== 'allow');
      // A connection that egress cut off fails in the client too. Any other error is the client's own, and scores nothing.
      if ('error' in told && entry === undefined) throw told.error;
      return { passed: told.passed, reason: 'reason' in told ? told.reason : undefined, entry };
    },
    async close() {
      await egress.close();
      for (const server of [plain, secure]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
