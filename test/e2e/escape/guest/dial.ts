import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, isIPv6, type NetConnectOpts } from 'node:net';

/** Milliseconds after which nothing is expected any more. */
const SILENCE_MS = 3_000;

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Opens a connection, past the proxy. @returns `connected`, `timeout`, or the error's code. */
export function dial(options: NetConnectOpts): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(options);
    const end = (met: string) => {
      socket.destroy();
      resolve(met);
    };
    socket.setTimeout(SILENCE_MS, () => end('timeout'));
    socket.once('error', (error) => end(codeOf(error)));
    socket.once('connect', () => end('connected'));
  });
}

/** Joins what several attempts met, each outcome once. */
export const each = async (attempts: readonly Promise<string>[]): Promise<string> =>
  [...new Set(await Promise.all(attempts))].sort().join(', ');

/** Sends a datagram. @returns `answered`, `timeout`, or the error's code. */
export function send(host: string, port: number, content: Uint8Array | string): Promise<string> {
  return new Promise((resolve) => {
    const socket: DatagramSocket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const end = (met: string) => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(met);
    };
    const timer = setTimeout(end, SILENCE_MS, 'timeout');
    socket.once('error', (error) => end(codeOf(error)));
    socket.once('message', () => end('answered'));
    socket.bind(0, () => {
      socket.setBroadcast(true);
      socket.send(content, port, host, (error) => error && end(codeOf(error)));
    });
  });
}

/** Resolves a name by the system's resolver. */
export const resolveName = (name: string): Promise<string> =>
  Promise.race([
    lookup(name).then(({ address }) => `resolved to ${address}`, codeOf),
    new Promise<string>((resolve) => setTimeout(resolve, 20_000, 'timeout').unref()),
  ]);

/** A DNS query for the A record of `name`. */
export function question(name: string): Buffer {
  const head = Buffer.from([0xb0, 0x77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}
