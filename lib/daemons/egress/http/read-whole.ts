import type { Readable } from 'node:stream';
import { type HeldPlace, MemoryFull } from '../../shared/memory-budget.ts';
import { announcedLength } from './announced-length.ts';

/** Bytes of a body that is passed on in one piece, without the cost of a stream. */
export const MAX_SHORT = 64 * 1024;

/** Announced bytes of a request's body that is short; `undefined` for any other. */
export function shortLength(rawHeaders: readonly string[]): number | undefined {
  const length = announcedLength(rawHeaders) ?? 0;
  return length > 0 && length <= MAX_SHORT ? length : undefined;
}

/** Resolves when what came together with the head of a message can be read: Node reads both in one turn. */
export function behindTheHead(): Promise<void> {
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
 * @throws MemoryFull; Error when it breaks off, or is longer than `most` bytes.
 */
export function readWhole(stream: Readable, most: number, place?: HeldPlace): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (stream.closed) return reject(new Error('broke off'));
    const chunks: Buffer[] = [];
    let size = 0;
    let isWhole = false;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > most) stream.destroy(new Error(`longer than ${most} bytes`));
      else if (place?.take(chunk.length) === false) stream.destroy(new MemoryFull());
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
