/** Labels on all of the kit's objects in the engine; `cleanup` finds them by these. */
export const SLUG_LABEL = 'bot-bottle.slug';
export const KIND_LABEL = 'bot-bottle.kind';

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
  const labels = [`${KIND_LABEL}=${kind}`, ...(slug === undefined ? [] : [`${SLUG_LABEL}=${slug}`])];
  return labels.flatMap((label) => ['--label', label]);
}
