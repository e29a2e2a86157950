import { gunzipSync, inflateSync } from 'node:zlib';
import { type Bytes, PRINTABLE, runsOf } from './runs.ts';

/** Shorter runs of bytes that are no text, or were decoded, are chance. */
export const LEAST_RUN = 8;

/** Bytes that one compressed segment may grow to. */
const MAX_INFLATED = 256 * 1024;

/** What can be read of the first `length` bytes. */
export function readableRuns(bytes: Buffer, length = bytes.length): readonly string[] {
  const decoded: Bytes = { bytes, length, slice: (start, end) => bytes.toString('latin1', start, end) };
  return runsOf(decoded, PRINTABLE, LEAST_RUN);
}

/** The bytes as they are where they are not compressed, or not soundly so. */
export function unpacked(bytes: Buffer): Buffer {
  const options = { maxOutputLength: MAX_INFLATED };
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, options);
    if (bytes[0] === 0x78 && bytes.readUInt16BE(0) % 31 === 0) return inflateSync(bytes, options);
  } catch {
    return bytes;
  }
  return bytes;
}
