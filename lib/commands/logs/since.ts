import { BottleError } from '../../errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a duration before `now`, such as `10m`, or an ISO 8601 time.
 * @returns milliseconds since the epoch.
 * @throws BottleError `usage`
 */
export function parseSince(text: string, now: number): number {
  const ago = /^([0-9]{1,6})([smhd])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? 0);
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new BottleError('usage', `--since ${text}: neither a duration nor a time`, {
    hint: 'Write a value such as 90s, 10m, 2h, 3d, or 2026-01-31T12:00:00Z.',
  });
}

/** Parses a number of lines. @throws BottleError `usage` */
export function parseLines(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new BottleError('usage', `--lines ${text}: not a number`, {
    hint: 'Write a whole number; 0 means all.',
  });
}
