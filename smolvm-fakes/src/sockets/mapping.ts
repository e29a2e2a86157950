import { resolve } from 'node:path';
import { configError } from '../errors.ts';
import type { PublishedSocket } from '../state/record.ts';

const MOST = 64;
/** Maximum bytes of a Unix socket path, without the terminating NUL. */
const ADDRESS_LIMIT = 107;

/** Parses `--mount-socket HOST_PATH:GUEST_PATH`. @throws Error when it is malformed. */
export function parseMountSocket(text: string): PublishedSocket {
  const colon = text.lastIndexOf(':');
  const [host, guest] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  if (host === '' || guest === '') throw new Error('expected HOST_PATH:GUEST_PATH');
  if (!guest.startsWith('/')) throw new Error(`guest path must be absolute: ${guest}`);
  if (/[;|]/.test(guest)) throw new Error("guest path must not contain ';' or '|'");
  return { direction: 'mount', host_path: resolve(host), guest_path: guest };
}

/** @throws SmolvmError for too many sockets, a duplicate guest path, or a host path too long for a socket. */
export function validateSockets(sockets: readonly PublishedSocket[]): void {
  const refuse = (reason: string) => configError('validate sockets', reason);
  if (sockets.length > MOST) throw refuse(`too many sockets: ${sockets.length} (max ${MOST})`);
  const paths = sockets.map((socket) => socket.guest_path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw refuse(`duplicate guest path: ${twice}`);
  const long = sockets.find((socket) => Buffer.byteLength(socket.host_path) > ADDRESS_LIMIT);
  if (long !== undefined) throw refuse(`host path too long for a socket: ${long.host_path}`);
}
