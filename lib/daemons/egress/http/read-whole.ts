import type { Readable } from 'node:stream';
import { MemoryExhausted, type MemoryShare } from '../../shared/memory-budget.ts';
import { headerOf } from '../../shared/raw-headers.ts';

/** Digits of a length that a number holds exactly. */
const LENGTH = /^(?:0|[1-9][0-9]{0,14})$/;

/**
 * Bytes of the body that a message announces; `undefined` where it announces none. What is not one plain number, or is
 * beside a transfer coding, announces nothing: such a body is counted as it comes.
 */
export function announcedLength(rawHeaders: readonly string[]): number | undefined {
  const text = headerOf(rawHeaders, 'content-length') ?? '';
  if (!LENGTH.test(text) || headerOf(rawHeaders, 'transfer-encoding') !== undefined) return undefined;
  return Number(text);
}

/** Bytes of a body that is passed on in one piece, without the cost of a stream. */
export const MAX_SHORT = 64 * 1024;

/** Announced bytes of a request's body that is short; `undefined` for any other. */
export function shortLength(rawHeaders: readonly string[]): number | undefined {
  const length = announcedLength(rawHeaders) ?? 0;
  return length > 0 && length <= MAX_SHORT ? length : undefined;
}

/** Resolves when what came together with the head of a message can be read: Node reads both in one turn. */
export function afterHeadTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** The body whose length is announced, if all of it is here; most short ones come together with their head. */
export function takeWhole(body: Readable, length: number): Buffer | undefined {
  if (body.readableLength !== length || length === 0) return undefined;
  const whole: Buffer = body.read();
  // So that it comes to its end, which the connection waits for.
  body.resume();
  return whole;
}

/**
 * All of a stream. `place`: what its bytes are to be counted in; absent: they have been.
 * @throws MemoryExhausted; Error when it breaks off, or is longer than `most` bytes.
 */
export function readWhole(stream: Readable, most: number, place?: MemoryShare): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (stream.closed) return reject(new Error('broke off'));
    const chunks: Buffer[] = [];
    let size = 0;
    let isWhole = false;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > most) stream.destroy(new Error(`longer than ${most} bytes`));
      else if (place?.take(chunk.length) === false) stream.destroy(new MemoryExhausted());
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
