import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as secure, type TLSSocket } from 'node:tls';
import { codeOf } from './dial.ts';

/** Milliseconds without a byte after which a connection has nothing more to say. */
const IDLE_MS = 6_000;
/** Milliseconds for the first byte. */
const FIRST_MS = 20_000;

export const ALLOWED = 'allowed.example';

/** The address of the guest's proxy. */
export function proxyAddress(): { host: string; port: number } {
  const { hostname, port } = new URL(process.env.HTTPS_PROXY ?? 'http://no-proxy.invalid:1');
  return { host: hostname, port: Number(port) };
}

/** Collects what arrives until the other side ends or falls silent. */
function hear(stream: Duplex, firstMs = FIRST_MS): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const end = () => {
      clearTimeout(timer);
      stream.destroy();
      resolve(heard);
    };
    let timer = setTimeout(end, firstMs);
    stream.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(end, IDLE_MS);
    });
    stream.on('error', end).on('end', end).on('close', end);
  });
}

/** The statuses of all responses in a text, each with the reason of egress, if it has one. */
export function statuses(heard: string): string {
  const heads = heard.split(/(?=HTTP\/1\.[01] \d{3})/).filter((part) => part.startsWith('HTTP/'));
  const told = heads.map((head) => {
    const [, status = ''] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? [];
    const [, reason = ''] = /^x-bot-bottle-reason: *(\S+)/im.exec(head) ?? [];
    return `${status} ${reason}`.trim();
  });
  return told.join(', ') || 'closed';
}

/** Sends bytes to the proxy itself. @returns what came back. */
export async function toProxy(bytes: string | Buffer, firstMs?: number): Promise<string> {
  const socket = connect(proxyAddress());
  socket.on('error', () => {});
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return hear(socket, firstMs);
}

/** A whole GET in absolute form; `more` are header lines. */
export const absolute = (url: string, host: string, more = '') =>
  `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;

/** Asks the proxy for a plain URL. @returns the status with its reason. */
export const askPlain = async (url: string, host = new URL(url).host): Promise<string> =>
  statuses(await toProxy(absolute(url, host)));

/** Asks the proxy for a tunnel. @returns the connection, or what the proxy said instead. */
export function tunnel(authority: string, more = ''): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect(proxyAddress());
    let heard = Buffer.alloc(0);
    const refuse = () => resolve(statuses(heard.toString('latin1')));
    socket.on('error', refuse).on('close', refuse);
    socket.on('data', function listen(chunk: Buffer) {
      heard = Buffer.concat([heard, chunk]);
      const end = heard.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', listen);
      if (/^HTTP\/1\.1 200/.test(heard.toString('latin1'))) return resolve(socket);
      socket.resume();
      refuse();
    });
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${more}\r\n`);
  });
}

export interface Inside extends ConnectionOptions {
  /** The target of the CONNECT. */
  readonly authority?: string;
}

/** Opens a tunnel and TLS in it. @returns the connection, or what it met instead. */
export async function secured(options: Inside = {}): Promise<TLSSocket | string> {
  const { authority = `${ALLOWED}:443`, ...more } = options;
  const socket = await tunnel(authority);
  if (typeof socket === 'string') return socket;
  const servername = authority.replace(/:\d+$/, '');
  return new Promise((resolve) => {
    // An impostor's name is part of some attacks; that egress signed the leaf is always checked.
    const stream = secure({ socket, servername, checkServerIdentity: () => undefined, ...more });
    stream.once('secureConnect', () => resolve(stream));
    stream.once('error', (error) => resolve(`TLS: ${codeOf(error)}`));
    stream.once('close', () => resolve('TLS: closed'));
  });
}

/** Sends bytes inside of a tunnel. @returns the statuses of what came back. */
export async function inside(bytes: string, options: Inside = {}): Promise<string> {
  const heard = await heardInside(bytes, options);
  return heard.startsWith('TLS: ') ? heard : statuses(heard);
}

/** Sends bytes inside of a tunnel. @returns all that came back, or the refusal of the tunnel as a status line. */
export async function heardInside(bytes: string, options: Inside = {}): Promise<string> {
  const stream = await secured({ ALPNProtocols: ['http/1.1'], ...options });
  if (typeof stream === 'string') return stream;
  stream.write(Buffer.from(bytes, 'latin1'));
  return hear(stream);
}

/** A whole request for `allowed.example`; `more` are header lines. */
export const request = (target: string, more = '', method = 'GET', host = ALLOWED) =>
  `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;

/** Gets a path of a host through a tunnel. @returns the status with its reason. */
export const get = (target: string, host = ALLOWED, more = '') =>
  inside(request(target, more, 'GET', host), { authority: `${host}:443` });

/** Sends one request over HTTP/2. @returns the status with its reason, or how it ended. */
export async function overHttp2(headers: OutgoingHttpHeaders, options: Inside = {}): Promise<string> {
  const stream = await secured({ ALPNProtocols: ['h2'], ...options });
  if (typeof stream === 'string') return stream;
  const session: ClientHttp2Session = connectHttp2(`https://${ALLOWED}`, { createConnection: () => stream });
  return new Promise<string>((resolve) => {
    session.once('error', (error) => resolve(codeOf(error)));
    const sent = session.request({ ':path': '/', ...headers });
    sent.once('response', ({ ':status': status, 'x-bot-bottle-reason': reason = '' }) =>
      resolve(`${status} ${reason}`.trim()),
    );
    sent.once('error', (error) => resolve(codeOf(error)));
    sent.once('close', () => resolve('closed'));
    sent.end();
  }).finally(() => session.destroy());
}
