import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';

/** The hop: a proxy that all that egress sends passes through. */
export interface UpstreamProxy {
  readonly host: string;
  readonly port: number;
  /** What verifies the certificates that come through the hop; absent: the usual roots. */
  readonly trust?: SecureContext;
}

/** What is to be reached behind the hop. */
export interface BeyondProxy {
  /** A name: the hop decides by it, and resolves it again. */
  readonly host: string;
  readonly port: number;
}

/**
 * A TCP connection to the hop itself. `signal` ends the attempt, not the connection.
 * @throws UpstreamProxyError; the signal's reason once that is aborted.
 */
export async function dialProxy({ host, port }: UpstreamProxy, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw failure(error, signal);
  }
}

/**
 * A connection to `target` through the hop, by CONNECT; what goes over it is up to the caller.
 * @throws UpstreamProxyError when the hop is down or answers anything but 2xx; the signal's reason once aborted.
 */
export async function tunnelThrough(
  proxy: UpstreamProxy,
  { host, port }: BeyondProxy,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await dialProxy(proxy, signal);
  const authority = `${host}:${port}`;
  const request = httpRequest({
    createConnection: () => socket,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority },
  });
  // A hop that speaks no HTTP gives two errors, of which only the first is waited for.
  request.on('error', () => {});
  try {
    request.end();
    const [response, head] = await connected(request, signal);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw new UpstreamProxyError({ status });
    if (head.length > 0) socket.unshift(head);
    return socket;
  } catch (error) {
    socket.destroy();
    throw failure(error, signal);
  }
}

/**
 * TLS to `target` through the hop, verified for the target's name by what the hop is trusted with.
 * @throws UpstreamProxyError, the error of the handshake, or the signal's reason once aborted.
 */
export async function secureThrough(
  proxy: UpstreamProxy,
  target: BeyondProxy & { readonly alpn?: readonly string[] },
  signal: AbortSignal,
): Promise<TLSSocket> {
  const socket = await tunnelThrough(proxy, target, signal);
  const secure = tlsConnect({
    socket,
    servername: target.host,
    rejectUnauthorized: true,
    ...(target.alpn === undefined ? {} : { ALPNProtocols: [...target.alpn] }),
    ...(proxy.trust === undefined ? {} : { secureContext: proxy.trust }),
  });
  try {
    await once(secure, 'secureConnect', { signal });
    return secure;
  } catch (error) {
    secure.destroy();
    throw signal.aborted ? signal.reason : error;
  }
}

async function connected(
  request: ReturnType<typeof httpRequest>,
  signal: AbortSignal,
): Promise<[IncomingMessage, head: Buffer]> {
  const [response, , head] = await once(request, 'connect', { signal });
  return [response, head];
}

function failure(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof UpstreamProxyError) return error;
  return signal.aborted ? signal.reason : new UpstreamProxyError({ cause: error });
}

export class UpstreamProxyError extends Error {
  readonly code: 'UPSTREAM_PROXY_UNREACHABLE' | 'UPSTREAM_PROXY_REFUSED';
  /** What the hop answered to CONNECT instead of 2xx; undefined when it did not answer. */
  readonly status: number | undefined;

  constructor({ status, cause }: { status?: number; cause?: unknown }) {
    super(
      status === undefined ? 'the upstream proxy cannot be reached' : `the upstream proxy answered ${status}`,
      {
        cause,
      },
    );
    this.name = 'UpstreamProxyError';
    this.code = status === undefined ? 'UPSTREAM_PROXY_UNREACHABLE' : 'UPSTREAM_PROXY_REFUSED';
    this.status = status;
  }
}
