import { type Bytes, PRINTABLE, runsOf } from '../text/runs.ts';

/** Shorter readable runs in binary or decoded data are coincidence. */
export const LEAST_RUN = 8;

/** Returns the readable runs of the first `length` bytes. */
export function readableRuns(bytes: Buffer, length = bytes.length): readonly string[] {
  const decoded: Bytes = { bytes, length, slice: (start, end) => bytes.toString('latin1', start, end) };
  return runsOf(decoded, PRINTABLE, LEAST_RUN);
}

/** Turns ASCII in UTF-16 back into ASCII. The loop takes a tenth of the time that `filter` does. */
export function withoutZeros(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (const byte of bytes) {
    kept[length] = byte;
    if (byte !== 0) length += 1;
  }
  return kept.subarray(0, length);
}
