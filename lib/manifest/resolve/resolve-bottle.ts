import { findManifest, type ManifestSources } from '../find.ts';
import { manifestInvalid } from '../reading/problem.ts';
import type { ManifestFile } from '../types.ts';
import type { BottleDeclaration } from './declaration.ts';
import { mergeBottles } from './merge.ts';
import { type ReadBottle, readBottle } from './read-bottle.ts';
import { unknownBottleAt } from './unknown-name.ts';

/**
 * Resolves a bottle with everything it inherits. Each file is read once, even if several bottles extend it.
 */
export type ResolveBottle = (bottle: ManifestFile) => Promise<BottleDeclaration>;

/** The returned function throws BottleError `manifest-invalid` or, for a missing parent, `bottle-unknown`. */
export function bottleResolver(sources: ManifestSources): ResolveBottle {
  const resolved = new Map<string, BottleDeclaration>();

  /** `below` are the descendants that led here, starting with the requested bottle. */
  async function resolve(bottle: ManifestFile, below: readonly string[]): Promise<BottleDeclaration> {
    const known = resolved.get(bottle.name);
    if (known !== undefined) return known;
    const read = await readBottle(bottle);
    const inherited = await parentOf(bottle, read, [...below, bottle.name]);
    const whole = inherited === undefined ? read.declaration : mergeBottles(inherited, read.declaration);
    resolved.set(bottle.name, whole);
    return whole;
  }

  async function parentOf(bottle: ManifestFile, read: ReadBottle, chain: readonly string[]) {
    if (read.parent === undefined) return undefined;
    const place = { path: 'extends', ...read.parentPosition };
    if (read.parent === bottle.name) {
      const message = 'names this bottle itself';
      throw manifestInvalid(read.source, [
        { ...place, message, remedy: 'Name another bottle, or remove the key.' },
      ]);
    }
    if (chain.includes(read.parent)) {
      const circle = [...chain.slice(chain.indexOf(read.parent)), read.parent].join(' -> ');
      const message = `is circular: ${circle}`;
      throw manifestInvalid(read.source, [
        { ...place, message, remedy: 'Remove one `extends` from the circle.' },
      ]);
    }
    const parent = await findManifest(sources, 'bottles', read.parent);
    if (parent === undefined) throw await unknownBottleAt(read.source, place, read.parent, sources);
    return resolve(parent, chain);
  }

  return (bottle) => resolve(bottle, []);
}
