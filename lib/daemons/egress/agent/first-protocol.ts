import type { Duplex } from 'node:stream';
import { withinTime } from '../websocket/hang-up.ts';

/** First byte of a TLS handshake (RFC 8446, 5.1). */
const HANDSHAKE = 0x16;

/** A method and the space behind it, or as much of them as has arrived. */
const METHOD = /^[A-Z]{1,20}(?: |$)/;

export type FirstProtocol = 'tls' | 'http' | 'other';

/**
 * Returns what the agent begins to speak; `undefined` if it hangs up or says nothing within the time. What it has sent
 * can still be read from the socket.
 */
export async function firstProtocol(
  socket: Duplex,
  milliseconds: number,
): Promise<FirstProtocol | undefined> {
  const bytes = await withinTime(milliseconds, firstBytes(socket));
  if (bytes === undefined) return undefined;
  if (bytes[0] === HANDSHAKE) return 'tls';
  return METHOD.test(bytes.toString('latin1', 0, 24)) ? 'http' : 'other';
}

/** The first bytes; `undefined` if the agent hangs up before. */
function firstBytes(socket: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const look = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      socket.off('readable', look);
      socket.unshift(chunk);
      resolve(chunk);
    };
    socket.on('readable', look);
    socket.once('end', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
}
