/** Labels on everything that the engine holds for us: `cleanup` finds it by them. */
export const SLUG_LABEL = 'bot-bottle.slug';
export const KIND_LABEL = 'bot-bottle.kind';

/** What a labelled object of the engine is for. */
export type ObjectKind = 'bundle' | 'network' | 'registry' | 'push' | 'stand-in' | 'base' | 'archive';

/** `--label` arguments for one object; `slug` is absent on what no single bottle owns. */
export function labelArguments(kind: ObjectKind, slug?: string): string[] {
  const labels = [`${KIND_LABEL}=${kind}`, ...(slug === undefined ? [] : [`${SLUG_LABEL}=${slug}`])];
  return labels.flatMap((label) => ['--label', label]);
}
