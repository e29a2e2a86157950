import { isAscii, isUtf8 } from 'node:buffer';
import { utf8Runs } from '../text/utf8-runs.ts';
import { LEAST_RUN, readableRuns, withoutZeros } from './decoded-bytes.ts';

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
  return [...readableUtf8(bytes), ...narrow].join('\n');
}

/** Not of ASCII alone: one byte that is no UTF-8 must not hide what all others say in look-alikes and the like. */
function readableUtf8(bytes: Buffer): string[] {
  const runs = utf8Runs(bytes, 0, bytes.length, LEAST_RUN);
  return runs.map(({ from, to }) => bytes.toString('utf8', from, to));
}
