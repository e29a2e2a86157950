import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import type { ServerCertificate } from '../../../lib/daemons/shared/server-certificate.ts';
import { openTunnel, type TunnelOptions } from './agent.ts';
import { portOf } from './upstream.ts';

export interface SocketBehavior {
  /** What to do with an opened WebSocket; echoes if absent. */
  readonly connected?: (socket: WebSocket) => void;
  /** Makes a complete HTTP/1.1 response to send instead of opening a WebSocket. */
  readonly instead?: (request: IncomingMessage) => string;
}

export interface SocketUpstream {
  readonly port: number;
  /** Handshake requests that reached it. */
  readonly asked: IncomingMessage[];
  /** Payloads of all messages that it received, in order. */
  readonly heard: Buffer[];
  /** Close frames that it received: the code, then a space and the reason. */
  readonly closes: string[];
  readonly sockets: Set<WebSocket>;
  behave(behavior: SocketBehavior): void;
  /** Clears the records and terminates all WebSockets. */
  reset(): void;
  close(): Promise<void>;
}

/** A real WebSocket server on 127.0.0.1 that records what reached it; with TLS if `leaf` is given. */
export async function startSocketUpstream(leaf: ServerCertificate | undefined): Promise<SocketUpstream> {
  const server = leaf === undefined ? createPlainServer() : createServer({ ...leaf });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 0,
    // Accepts compression, so that a test sees if egress lets it be negotiated.
    perMessageDeflate: true,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  let behavior: SocketBehavior = {};
  const connections = new Set<Duplex>();
  server.on('connection', (connection) => connections.add(connection));
  server.on('request', (_request, response) => response.end('no WebSocket'));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    upstream.asked.push(request);
    if (behavior.instead !== undefined) {
      const answer = behavior.instead(request);
      socket.write(answer);
      if (!answer.startsWith('HTTP/1.1 101 ')) socket.end();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => {});
      opened.on('message', (data: Buffer) => upstream.heard.push(data));
      opened.on('close', (code, reason) => upstream.closes.push(`${code} ${reason}`.trim()));
      (behavior.connected ?? echo)(opened);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: SocketUpstream = {
    port: portOf(server),
    asked: [],
    heard: [],
    closes: [],
    sockets: sockets.clients,
    behave: (wanted) => {
      behavior = wanted;
    },
    reset: () => {
      for (const socket of sockets.clients) socket.terminate();
      for (const list of [upstream.asked, upstream.heard, upstream.closes]) list.length = 0;
    },
    close: async () => {
      upstream.reset();
      for (const connection of connections) connection.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

export interface SocketOptions {
  readonly path?: string;
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
}

/** Starts a real WebSocket client through the proxy; the caller waits for `open` or `unexpected-response`. */
export async function webSocketVia(tunnel: TunnelOptions, options: SocketOptions = {}): Promise<WebSocket> {
  const inside = await openTunnel(tunnel);
  const url = `ws://${tunnel.target}${options.path ?? '/socket'}`;
  const socket = new WebSocket(url, options.protocols ?? [], {
    createConnection: () => inside,
    headers: options.headers ?? {},
    perMessageDeflate: true,
  });
  socket.on('error', () => {});
  return socket;
}

/** Like `webSocketVia`, but waits until the WebSocket is open. */
export async function openWebSocket(tunnel: TunnelOptions, options: SocketOptions = {}): Promise<WebSocket> {
  const socket = await webSocketVia(tunnel, options);
  await once(socket, 'open');
  return socket;
}

/** The next message, as text. */
export async function nextMessage(socket: WebSocket): Promise<string> {
  const [data] = await once(socket, 'message');
  return String(data);
}

/** The close frame that arrives at `socket`: the code, then a space and the reason. */
export async function closeOf(socket: WebSocket): Promise<string> {
  const [code, reason] = await once(socket, 'close');
  return `${code} ${reason}`.trim();
}

export const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;

/** The `sec-websocket-accept` value for `HANDSHAKE`, from the example in RFC 6455, section 1.3. */
export const HANDSHAKE_PROOF = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** Opens a tunnel and completes the handshake, for writing frames by hand. */
export async function rawWebSocket(tunnel: TunnelOptions): Promise<TLSSocket> {
  return shakeHands(await openTunnel(tunnel), tunnel);
}

/** Completes the handshake in an open tunnel. */
export async function shakeHands(socket: TLSSocket, tunnel: TunnelOptions): Promise<TLSSocket> {
  const lines = Object.entries({ host: tunnel.target, ...HANDSHAKE }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write(`GET /socket HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  if (!String(answer).startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket: ${answer}`);
  return socket;
}

export interface FrameOptions {
  readonly opcode: number;
  readonly fin?: boolean;
  /** The three reserved bits; 4 is RSV1. */
  readonly reserved?: number;
  readonly masked?: boolean;
  readonly payload?: string | Buffer;
  /** Length that the frame header claims; that of the payload if absent. */
  readonly claims?: number;
}

/** Builds one frame, valid or not. */
export function frame(options: FrameOptions): Buffer {
  const payload = Buffer.from(options.payload ?? '');
  const masked = options.masked ?? true;
  const length = options.claims ?? payload.length;
  const first = ((options.fin ?? true) ? 0x80 : 0) | ((options.reserved ?? 0) << 4) | options.opcode;
  const bit = masked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([first, bit | length])
      : length < 65536
        ? Buffer.from([first, bit | 126, length >> 8, length & 255])
        : Buffer.from([first, bit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (length >= 65536) head.writeUIntBE(length, 4, 6);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = [0x5a, 0x13, 0xc4, 0x71];
  const hidden = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([head, Buffer.from(mask), hidden]);
}
