import * as z from 'zod';

/** Crockford's digits: none of them looks like another. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 6;

/** Milliseconds since 1970 of 2026-01-01; six digits count the seconds of 34 years from there. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/**
 * `p-` and six digits of base 32, such as `p-0r3k7m`. Unique in its bottle; later ones sort behind earlier ones. It is no
 * secret: who may ask or decide does not depend on knowing it.
 */
export const proposalId = z
  .string()
  // In ranges: agents send the pattern to their models, where the whole alphabet can look like a part of a token.
  .regex(/^p-[0-9a-hjkmnp-tv-z]{6}$/, 'an id such as p-0r3k7m');

/** Returns the id of a proposal made at `now` (milliseconds since 1970), behind `last` even if the clock went back. */
export function nextProposalId(now: number, last: string | undefined): string {
  const seconds = Math.max(0, Math.floor((now - EPOCH_MS) / 1000));
  const number = Math.max(seconds, last === undefined ? 0 : numberOf(last) + 1);
  const digits = Array.from({ length: LENGTH }, (_, place) => DIGITS[(number >> (5 * place)) & 31]);
  return `p-${digits.reverse().join('')}`;
}

function numberOf(id: string): number {
  return [...id.slice(2)].reduce((number, digit) => number * 32 + DIGITS.indexOf(digit), 0);
}
