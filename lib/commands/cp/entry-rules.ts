import { BottleError } from '../../errors.ts';
import { visibleName } from '../../host/visible.ts';

/** What an entry of an archive says about itself; nothing of it is true until it is checked. */
export interface RawEntry {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly linkpath?: string | undefined;
}

/** An entry that may be written below the destination. `path` has neither `.` nor `..`; it is empty for the root. */
export type CheckedEntry =
  | { readonly kind: 'file' | 'folder'; readonly path: string }
  /** A symlink that may lead out, when these are to be left out. */
  | { readonly kind: 'left-out'; readonly path: string }
  /** `target`: of a symlink as it is; of a hard link, the path of a file that has been seen. */
  | { readonly kind: 'symlink' | 'link'; readonly path: string; readonly target: string };

export interface Limits {
  /** Whether symlinks that may lead out are left out, instead of refusing the archive. */
  readonly skipsLinks?: boolean;
  /** Bytes of all files. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

type Kind = 'file' | 'folder' | 'symlink' | 'link';

const KINDS: Readonly<Record<string, Kind>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'folder',
  SymbolicLink: 'symlink',
  Link: 'link',
};

const CONTROL = /\p{Cc}/u;

/** Decides about the entries of one archive that a guest made, in their order. Knows nothing of the disk. */
export class EntryRules {
  readonly #limits: Limits;
  readonly #seen = new Map<string, Kind>();
  #bytes = 0;
  #entries = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  /**
   * Refuses what an extended header says that programs read differently: a NUL, a size that is no number, a sparse
   * file. `text` is the header as it came, or a long name with its NUL at the end. @throws BottleError `work-refused`
   */
  checkHeader(text: string): void {
    const isOdd = /\0|^\d+ (GNU\.sparse\.|size=(?!\d+$))/m.test(text.replace(/\0+$/, ''));
    if (isOdd) throw refusedWork('it has an extended header of no honest archive');
  }

  /** @throws BottleError `work-refused`, naming the entry */
  check(entry: RawEntry): CheckedEntry {
    const { maxBytes, maxEntries } = this.#limits;
    if (++this.#entries > maxEntries) throw refusedWork(`it has more than ${maxEntries} entries`);
    const kind = KINDS[entry.type];
    if (kind === undefined) throw refusedEntry(entry, `is neither file, folder nor link (${entry.type})`);
    const parts = partsOf(entry, entry.path);
    const path = parts.join('/');
    if (!Number.isSafeInteger(entry.size) || entry.size < 0) throw refusedEntry(entry, 'has no valid size');
    if (kind !== 'file' && entry.size !== 0) throw refusedEntry(entry, 'is no file, and has content');
    if (kind === 'file') this.#bytes += entry.size;
    if (!(this.#bytes <= maxBytes)) {
      throw refusedWork(`it has more than ${maxBytes} bytes`, 'Raise the limit with MAX_SIZE=10G.');
    }
    this.#place(entry, parts, kind);
    if (kind === 'link') return { kind, path, target: this.#linkTarget(entry) };
    if (kind !== 'symlink') return { kind, path };
    const target = entry.linkpath ?? '';
    if (target === '' || CONTROL.test(target)) throw refusedEntry(entry, 'is a link with an invalid target');
    if (staysInside(target, parts.length - 1)) return { kind, path, target };
    if (this.#limits.skipsLinks) return { kind: 'left-out', path };
    throw refusedEntry(
      entry,
      `is a link that may lead out of the copy, to ${visibleName(target)}`,
      'Nothing was copied. FLAGS=--skip-links leaves such links out.',
    );
  }

  /** Holds the names together: none twice, and none below what is no folder. */
  #place(entry: RawEntry, parts: readonly string[], kind: Kind): void {
    if (parts.length === 0 && kind !== 'folder') throw refusedEntry(entry, 'has no name');
    for (const index of parts.keys()) {
      if (index === 0) continue;
      const folder = parts.slice(0, index).join('/');
      const above = this.#seen.get(folder);
      if (above === undefined) this.#seen.set(folder, 'folder');
      else if (above !== 'folder')
        throw refusedEntry(entry, `goes through the ${above} ${visibleName(folder)}`);
    }
    const path = parts.join('/');
    if (this.#seen.has(path)) throw refusedEntry(entry, 'comes twice');
    this.#seen.set(path, kind);
  }

  #linkTarget(entry: RawEntry): string {
    const target = partsOf(entry, entry.linkpath ?? '').join('/');
    if (this.#seen.get(target) === 'file') return target;
    throw refusedEntry(entry, 'is a hard link to what is no file of this archive');
  }
}

function partsOf(entry: RawEntry, path: string): string[] {
  if (CONTROL.test(path)) throw refusedEntry(entry, 'has control characters in its name');
  if (path.startsWith('/')) throw refusedEntry(entry, 'has an absolute path');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refusedEntry(entry, 'has `..` in its path');
  return parts;
}

/**
 * A target may go up first, as far as the root, and down after: since the link's own folder is real, going up is exact,
 * and going down meets only links of this kind. `a/..` is refused, for `a` may be a link.
 */
function staysInside(target: string, depth: number): boolean {
  if (target.startsWith('/')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const down = parts.findIndex((part) => part !== '..');
  const ups = down === -1 ? parts.length : down;
  return ups <= depth && !parts.slice(ups).includes('..');
}

function refusedEntry({ path }: RawEntry, reason: string, hint?: string): BottleError {
  return refusedWork(`\`${visibleName(path).slice(0, 300)}\` ${reason}`, hint);
}

/** Nothing of a refused archive arrives. */
export function refusedWork(
  reason: string,
  hint = 'Nothing was copied. Copy a part that has no such entry.',
): BottleError {
  return new BottleError('work-refused', `what the guest sent is refused: ${reason}`, { hint });
}
