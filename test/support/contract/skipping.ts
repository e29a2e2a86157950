import { noGuests } from './fixture.ts';
import { atLeast, VERSION } from './version.ts';

/** Why tests are skipped; undefined when they run. */
type Reason = string | undefined;

export const withoutGuests = (): Reason =>
  noGuests() === undefined ? undefined : 'it boots no machine here';

export const before = (version: string): Reason =>
  atLeast(version) ? undefined : `only from smolvm ${version} on, this is ${VERSION}`;

export const since = (version: string): Reason =>
  atLeast(version) ? `only before smolvm ${version}, this is ${VERSION}` : undefined;

/**
 * Picks the first reason, for `skipIf` and for titles that state it: `make test` prints the titles of skipped
 * tests. For example, `const { skipped, titled } = skipping(withoutGuests(), since('1.1.3'))`.
 */
export function skipping(...reasons: readonly Reason[]) {
  const reason = reasons.find((each) => each !== undefined);
  const titled = (title: string) => (reason === undefined ? title : `${title} (skipped: ${reason})`);
  return { skipped: reason !== undefined, titled };
}
