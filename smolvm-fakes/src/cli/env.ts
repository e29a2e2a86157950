import type { Profile } from '../profile.ts';

/**
 * Parses `-e` values. Entries without a key are always dropped. Entries without `=` are dropped before 0.8.1;
 * since then, `-e KEY` takes the value from our own environment, if it is set there.
 */
export function parseEnv(
  entries: readonly string[],
  profile: Pick<Profile, 'keyOnlyEnv'>,
  own: Readonly<Record<string, string | undefined>> = process.env,
): [string, string][] {
  return entries.flatMap((entry): [string, string][] => {
    const equals = entry.indexOf('=');
    if (equals > 0) return [[entry.slice(0, equals), entry.slice(equals + 1)]];
    const value = equals === -1 && profile.keyOnlyEnv ? own[entry] : undefined;
    return value === undefined ? [] : [[entry, value]];
  });
}
