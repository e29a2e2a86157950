import * as z from 'zod';

/**
 * Stands for a value that detection found: equal for equal values, while the bundle lives. It is an HMAC with a key that
 * only egress has, cut to 96 bits, so it tells nothing about the value.
 */
export const valueMark = z.string().regex(/^[0-9a-f]{24}$/, 'a mark of 24 hex digits');

/** Different values in one request that a person can be asked about. */
export const MAX_VALUES = 64;

/** The short form for a person, such as `#3f9a1c2e`. */
export function shortMark(mark: string): string {
  return `#${mark.slice(0, 8)}`;
}
