import type { Readable } from 'node:stream';
import { MemoryExhausted, type MemoryShare } from '../../shared/memory-budget.ts';
import { headerOf } from '../../shared/raw-headers.ts';

/** A length that a number can hold exactly. */
const LENGTH = /^(?:0|[1-9][0-9]{0,14})$/;

/**
 * The length of the body that a message announces; `undefined` if it announces none. A value that is not one
 * plain number, or that comes with a transfer coding, does not count: such a body is measured as it arrives.
 */
export function announcedLength(rawHeaders: readonly string[]): number | undefined {
  const text = headerOf(rawHeaders, 'content-length') ?? '';
  if (!LENGTH.test(text) || headerOf(rawHeaders, 'transfer-encoding') !== undefined) return undefined;
  return Number(text);
}

/** Maximum bytes of a body that is forwarded in one piece, without the cost of a stream. */
export const MAX_SHORT = 64 * 1024;

/** Announced bytes of a short request body; `undefined` for any other. */
export function shortLength(rawHeaders: readonly string[]): number | undefined {
  const length = announcedLength(rawHeaders) ?? 0;
  return length > 0 && length <= MAX_SHORT ? length : undefined;
}

/** Resolves when data that arrived with the head of a message can be read: Node reads both in one turn. */
export function afterHeadTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** The body of announced length, if all of it has arrived. Most short bodies arrive with their head. */
export function takeWhole(body: Readable, length: number): Buffer | undefined {
  if (body.readableLength !== length || length === 0) return undefined;
  const whole: Buffer = body.read();
  // Let the stream end, which the connection waits for.
  body.resume();
  return whole;
}

/**
 * Reads a whole stream. `share`: counts its bytes; absent if they have been counted already.
 * @throws MemoryExhausted; Error when the stream breaks off or is longer than `maxBytes`.
 */
export function readWhole(stream: Readable, maxBytes: number, share?: MemoryShare): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (stream.closed) return reject(new Error('broke off'));
    const chunks: Buffer[] = [];
    let size = 0;
    let isWhole = false;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) stream.destroy(new Error(`longer than ${maxBytes} bytes`));
      else if (share?.take(chunk.length) === false) stream.destroy(new MemoryExhausted());
    });
    stream.once('end', () => {
      isWhole = true;
      resolve(Buffer.concat(chunks));
    });
    stream.once('error', reject);
    stream.once('close', () => {
      if (!isWhole) reject(new Error('broke off'));
    });
  });
}
