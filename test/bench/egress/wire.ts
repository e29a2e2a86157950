import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';

/** Where requests go, and through what. */
export interface Route {
  /** Port of the engine on 127.0.0.1; absent to connect to the upstream directly. */
  readonly proxyPort?: number | undefined;
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that signed the other side's certificate: the bottle's CA, or the upstream's. */
  readonly ca: string;
}

/** Opens a TLS socket to the upstream, through a CONNECT if there is a proxy. */
export async function openWire(
  { proxyPort, host, port, ca }: Route,
  ALPNProtocols = ['http/1.1'],
): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: proxyPort ?? port, noDelay: true });
  await once(socket, 'connect');
  if (proxyPort !== undefined) await openTunnel(socket, `${host}:${port}`);
  const secure = tlsConnect({ socket, ca, servername: host, ALPNProtocols });
  await once(secure, 'secureConnect');
  return secure;
}

async function openTunnel(socket: Socket, target: string): Promise<void> {
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const [answer]: unknown[] = await once(socket, 'data');
  const line = String(answer).split('\r\n', 1)[0] ?? '';
  if (!/^HTTP\/1\.[01] 200 /.test(line)) throw new Error(`CONNECT ${target} was answered: ${line}`);
}

/** Returns the head and body of one request as sent on the wire. */
export function requestBytes(
  route: Pick<Route, 'host' | 'port'>,
  path: string,
  body: Buffer,
  token?: string,
): Buffer {
  const head = [
    `${body.length === 0 ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    `Host: ${route.host}:${route.port}`,
    'User-Agent: bench/1.0',
    'Accept: application/json',
    'Content-Type: application/json',
    ...(body.length === 0 ? [] : [`Content-Length: ${body.length}`]),
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

export interface Exchanged {
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
}

/**
 * Sends one request and waits for the complete response. Parses only what the bench's own upstream sends: one
 * response with a Content-Length. @throws Error when the connection ends before.
 */
export function exchange(socket: TLSSocket, request: Buffer): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    let status = 0;
    let left = -1;
    let bytes = 0;
    const finish = (error?: Error) => {
      socket.off('data', read);
      socket.off('close', broken);
      if (error === undefined) resolve({ status, bytes });
      else reject(error);
    };
    const broken = () => finish(new Error('the connection ended before the answer'));
    const read = (chunk: Buffer) => {
      let part = chunk;
      if (left < 0) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const text = head.toString('latin1', 0, end);
        status = Number(text.slice(9, 12));
        const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
        if (length === undefined) return finish(new Error(`an answer without a length: ${text}`));
        left = Number(length);
        part = head.subarray(end + 4);
      }
      left -= part.length;
      bytes += part.length;
      if (left === 0) finish();
    };
    socket.on('data', read);
    socket.on('close', broken);
    socket.write(request);
  });
}
