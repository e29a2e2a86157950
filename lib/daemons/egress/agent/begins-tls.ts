import type { Duplex } from 'node:stream';
import { withinTime } from '../websocket/hang-up.ts';

/** First byte of a TLS handshake (RFC 8446, 5.1). */
const HANDSHAKE = 0x16;

/** Whether the agent begins a TLS handshake within the time. What it has sent can still be read from the socket. */
export async function beginsTls(socket: Duplex, milliseconds: number): Promise<boolean> {
  return (await withinTime(milliseconds, firstByte(socket))) === HANDSHAKE;
}

/** The first byte; `undefined` if the agent hangs up before. */
function firstByte(socket: Duplex): Promise<number | undefined> {
  return new Promise((resolve) => {
    const look = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      socket.off('readable', look);
      socket.unshift(chunk);
      resolve(chunk[0]);
    };
    socket.on('readable', look);
    socket.once('end', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
}
