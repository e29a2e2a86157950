import { isUtf8 } from 'node:buffer';
import { PRINTABLE, runsOf } from './runs.ts';

/** Shorter runs of a binary body hold no secret. */
const LEAST = 8;

/** Bytes as text to scan: UTF-8 as it is; of anything else the readable runs, UTF-16 among them. */
export function readableText(bytes: Buffer): string {
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
  const text = bytes.toString('latin1');
  const plain = runsOf(text, PRINTABLE, LEAST);
  const narrow = text.includes('\0') ? runsOf(text.replaceAll('\0', ''), PRINTABLE, LEAST) : [];
  return [...plain, ...narrow].join('\n');
}
