import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';

/** A proxy that everything egress sends goes through. */
export interface UpstreamProxy {
  readonly host: string;
  readonly port: number;
  /** Verifies certificates that come through the proxy; absent: the usual roots. */
  readonly trust?: SecureContext;
}

/** Target behind the upstream proxy. */
export interface BeyondProxy {
  /** A name: the proxy decides by it, and resolves it again. */
  readonly host: string;
  readonly port: number;
}

/**
 * Opens a TCP connection to the proxy itself. `signal` aborts the attempt, not the connection.
 * @throws UpstreamProxyError; the signal's reason once it is aborted.
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
 * Opens a connection to the target through the proxy, with CONNECT. What is sent over it is up to the caller.
 * @throws UpstreamProxyError when the proxy is down or responds with anything but 2xx; the signal's reason
 * once it is aborted.
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
  // A proxy that does not speak HTTP causes two errors, of which only the first is awaited.
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
 * Opens TLS to `target` through the proxy, verified for the target's name with the proxy's `trust`.
 * @throws UpstreamProxyError; the error of the handshake; the signal's reason once it is aborted.
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
  /** Status of the proxy's response to CONNECT if not 2xx; `undefined` when there was no response. */
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
