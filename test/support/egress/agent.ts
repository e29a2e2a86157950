import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';

/** A response as the agent sees it. */
export interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export async function replyOf(request: ClientRequest): Promise<Reply> {
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Sends CONNECT; the socket is usable only if the status is 200. */
export async function connectVia(
  proxyPort: number,
  target: string,
): Promise<{
  status: number | undefined;
  headers: IncomingMessage['headers'];
  socket: Socket;
  head: string;
}> {
  const request = httpRequest({ host: '127.0.0.1', port: proxyPort, method: 'CONNECT', path: target });
  request.end();
  const [response, socket, head]: [IncomingMessage, Socket, Buffer] = await once(request, 'connect').then(
    ([first, second, third]) => [first, second, third],
  );
  socket.on('error', () => {});
  return { status: response.statusCode, headers: response.headers, socket, head: head.toString() };
}

export interface TunnelOptions {
  readonly proxyPort: number;
  /** Target of CONNECT, `host:port`. */
  readonly target: string;
  /** PEM of the bottle's CA. */
  readonly ca: string;
  /** TLS server name: the target's host if absent, none if empty. */
  readonly serverName?: string;
  readonly alpn?: string[];
  readonly version?: 'TLSv1.2' | 'TLSv1.3';
}

/** Sends CONNECT, performs the TLS handshake and returns the decrypted socket. */
export async function openTunnel(options: TunnelOptions): Promise<TLSSocket> {
  const { status, socket } = await connectVia(options.proxyPort, options.target);
  if (status !== 200) throw new Error(`CONNECT was answered ${status}`);
  return secureTunnel(socket, options);
}

/** Performs the TLS handshake on the socket of a tunnel and returns the decrypted one. */
export async function secureTunnel(socket: Socket, options: TunnelOptions): Promise<TLSSocket> {
  const host = options.target.replace(/:.*/, '');
  const servername = options.serverName ?? host;
  const secure = tlsConnect({
    socket,
    ca: options.ca,
    ...(servername === '' ? {} : { servername }),
    checkServerIdentity: () => undefined,
    ALPNProtocols: options.alpn ?? ['http/1.1'],
    ...(options.version === undefined ? {} : { minVersion: options.version, maxVersion: options.version }),
  });
  secure.on('error', () => {});
  await once(secure, 'secureConnect');
  return secure;
}

export interface AgentRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
}

/** Starts a request on an open tunnel or any other socket; the caller ends it. */
export function requestOn(socket: Socket, request: AgentRequest): ClientRequest {
  const sent = httpRequest({
    createConnection: () => socket,
    method: request.method ?? 'GET',
    path: request.path ?? '/',
    headers: { connection: 'keep-alive', ...request.headers },
  });
  sent.on('error', () => {});
  return sent;
}

/** Opens a tunnel and sends one request without a body. */
export async function fetchVia(options: TunnelOptions & AgentRequest): Promise<Reply> {
  const socket = await openTunnel(options);
  const request = requestOn(socket, {
    ...options,
    headers: { host: options.target.replace(/:443$/, ''), ...options.headers },
  });
  request.end();
  const reply = await replyOf(request);
  socket.destroy();
  return reply;
}
