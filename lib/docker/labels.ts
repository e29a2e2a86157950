import { createHash } from 'node:crypto';
import { homeDirectory } from '../host/directories.ts';

/** Labels on all of the kit's objects in the engine; `cleanup` finds them by these. */
export const SLUG_LABEL = 'bot-bottle.slug';
export const KIND_LABEL = 'bot-bottle.kind';
/** On what belongs to a bottle: the home that has its state. Several homes may share an engine. */
export const HOME_LABEL = 'bot-bottle.home';

/** The label's value for a home: a digest of its path. */
export function homeLabel(home: string = homeDirectory()): string {
  return createHash('sha256').update(home).digest('hex').slice(0, 16);
}

/** Purpose of a labeled object. */
export type ObjectKind =
  | 'bundle'
  | 'network'
  | 'registry'
  | 'push'
  | 'stand-in'
  | 'base'
  | 'boot'
  | 'guest-tool';

/** Returns the `--label` arguments for an object; `slug` is absent if no single bottle owns it. */
export function labelArguments(kind: ObjectKind, slug?: string): string[] {
  const labels = [
    `${KIND_LABEL}=${kind}`,
    ...(slug === undefined ? [] : [`${SLUG_LABEL}=${slug}`, `${HOME_LABEL}=${homeLabel()}`]),
  ];
  return labels.flatMap((label) => ['--label', label]);
}
