import { posix } from 'node:path';
import type { IndexedEntry } from './tar-index.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

export interface VisibleEntries<Entry> {
  /** The entries of each layer to unpack, bottom layer first. */
  readonly layers: readonly (readonly Entry[])[];
  /** Paths that are unpacked only because a hard link needs them; remove them afterwards. */
  readonly leftovers: readonly string[];
}

/**
 * Finds the visible entries of stacked layers, bottom first. Whiteouts, and entries that replace lower ones,
 * hide entries of lower layers, never of their own.
 */
export function visibleEntries<Entry extends Pick<IndexedEntry, 'path' | 'type' | 'link'>>(
  layers: readonly (readonly Entry[])[],
): VisibleEntries<Entry> {
  /** Hidden with everything below; hidden only below; hidden unless a directory. */
  const [covered, opaque, directories] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const provided = new Set<string>();
  const leftovers: string[] = [];

  const hides = ({ path, type }: Entry): boolean => {
    if (covered.has(path) || (type !== '5' && directories.has(path))) return true;
    for (let above = posix.dirname(path); ; above = posix.dirname(above)) {
      if (covered.has(above) || opaque.has(above)) return true;
      if (above === '.') return false;
    }
  };

  const seen = layers.toReversed().map((layer) => {
    const marks = layer.filter(isWhiteout);
    const real = layer.filter((entry) => !isWhiteout(entry));
    const visible = new Set(real.filter((entry) => !hides(entry)));
    const linked = new Set([...visible].filter(({ type }) => type === '1').map(({ link }) => plain(link)));
    const kept = real.filter((entry) => visible.has(entry) || linked.has(entry.path));
    for (const entry of kept) {
      if (!visible.has(entry) && !provided.has(entry.path)) leftovers.push(entry.path);
    }
    for (const { path } of marks) {
      const folder = posix.dirname(path);
      const name = posix.basename(path);
      if (name === OPAQUE) opaque.add(folder);
      else covered.add(posix.join(folder, name.slice(WHITEOUT.length)));
    }
    for (const { path, type } of visible) {
      provided.add(path);
      (type === '5' ? directories : covered).add(path);
    }
    return kept;
  });
  return { layers: seen.toReversed(), leftovers };
}

const isWhiteout = ({ path }: { path: string }) => posix.basename(path).startsWith(WHITEOUT);
const plain = (path: string) => path.replace(/^(\.?\/)+/, '');
