import type { Profile } from '../profile.ts';

/**
 * `-e` values. Entries without a key vanish, at every version; so do those without `=` until 0.8.1, which brings
 * `-e KEY` for the value that our own environment has, if any.
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
