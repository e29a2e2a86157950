import { noGuests } from './fixture.ts';
import { atLeast, VERSION } from './version.ts';

/** Why tests are skipped; undefined where they run. */
type Reason = string | undefined;

export const withoutGuests = (): Reason =>
  noGuests() === undefined ? undefined : 'it boots no machine here';

export const before = (version: string): Reason =>
  atLeast(version) ? undefined : `only from smolvm ${version} on, this is ${VERSION}`;

export const since = (version: string): Reason =>
  atLeast(version) ? `only before smolvm ${version}, this is ${VERSION}` : undefined;

/**
 * The first reason there is, for `skipIf`, and titles that tell it: `make test` prints those of what it skipped.
 * e.g. `const { reason, titled } = skipping(withoutGuests(), since('1.1.3'))`
 */
export function skipping(...reasons: readonly Reason[]) {
  const reason = reasons.find((each) => each !== undefined);
  const titled = (title: string) => (reason === undefined ? title : `${title} (skipped: ${reason})`);
  return { skipped: reason !== undefined, titled };
}
