import { headerOf } from './headers.ts';

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
