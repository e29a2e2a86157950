import { isAscii, isUtf8 } from 'node:buffer';
import { LEAST_RUN, readableRuns } from './decoded-bytes.ts';
import { PRINTABLE } from './runs.ts';

/** Bytes as text to scan: UTF-8 as it is; of anything else the readable runs, UTF-16 among them. */
export function readableText(bytes: Buffer): string {
  return plainText(bytes) ?? runsText(bytes);
}

/** What is text, all of it. */
export function plainText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** The readable runs of what is no text. */
export function runsText(bytes: Buffer): string {
  const narrow = bytes.includes(0) ? readableRuns(withoutZeros(bytes)) : [];
  return [...utf8Runs(bytes), ...narrow].join('\n');
}

/** What UTF-16 makes of ASCII, undone. In a loop, which takes a tenth of the time that `filter` does. */
function withoutZeros(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (const byte of bytes) {
    kept[length] = byte;
    if (byte !== 0) length += 1;
  }
  return kept.subarray(0, length);
}

/** Bytes of the readable UTF-8 character that begins with each byte; 0 where none does. */
const LENGTHS = Uint8Array.from({ length: 256 }, (_, lead) => {
  if (lead < 128) return PRINTABLE[lead] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
});

/** Not of ASCII alone: one byte that is no UTF-8 must not hide what all others say in look-alikes and the like. */
function utf8Runs(bytes: Buffer): string[] {
  const runs: string[] = [];
  let start = 0;
  for (let index = 0; index < bytes.length; ) {
    const length = LENGTHS[bytes[index] ?? 0] ?? 0;
    if (length === 1 || (length > 1 && isContinued(bytes, index, length))) {
      index += length;
      continue;
    }
    if (index - start >= LEAST_RUN) runs.push(bytes.toString('utf8', start, index));
    index += 1;
    start = index;
  }
  if (bytes.length - start >= LEAST_RUN) runs.push(bytes.toString('utf8', start));
  return runs;
}

function isContinued(bytes: Buffer, index: number, length: number): boolean {
  for (let next = index + 1; next < index + length; next += 1) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return false;
  }
  return true;
}
