import { isAscii, isUtf8 } from 'node:buffer';
import { utf8Runs } from '../text/utf8-runs.ts';
import { LEAST_RUN, readableRuns, withoutZeros } from './decoded-bytes.ts';

/**
 * Converts bytes to text for scanning: valid UTF-8 unchanged, otherwise the readable runs, including UTF-16.
 */
export function readableText(bytes: Buffer): string {
  return plainText(bytes) ?? runsText(bytes);
}

/** Returns the text if all bytes are text, else `undefined`. */
export function plainText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** Returns the readable runs of bytes that are not all text. */
export function runsText(bytes: Buffer): string {
  const narrow = bytes.includes(0) ? readableRuns(withoutZeros(bytes)) : [];
  return [...readableUtf8(bytes), ...narrow].join('\n');
}

/** Reads UTF-8, not just ASCII: one invalid byte must not hide look-alikes in the rest. */
function readableUtf8(bytes: Buffer): string[] {
  const runs = utf8Runs(bytes, 0, bytes.length, LEAST_RUN);
  return runs.map(({ from, to }) => bytes.toString('utf8', from, to));
}
