import { scanPlainText } from '../daemons/detection/index.ts';
import type { SnapshotEntry, Treatment } from './snapshot-stream.ts';

/** A file of the guest that holds a secret. */
export interface SecretFile {
  /** Absolute. */
  readonly path: string;
  /** Kinds of secrets; never their values. */
  readonly kinds: readonly string[];
}

export interface SearchedFor {
  /** The bottle's own secrets. */
  readonly values: readonly string[];
  /** Files that hold placeholders of the kit, below `/`. */
  readonly except: ReadonlySet<string>;
  /** Milliseconds since 1970, by the guest's clock: the image's own files, which did not change since, are not searched. */
  readonly since: number;
}

/** Shorter values could be anything. */
const SHORTEST_VALUE = 8;
/** Bytes at the beginning of a file, and of all files, that are searched for kinds of tokens, which is slow. */
const MOST_OF_A_FILE = 256 * 1024;
const MOST_OF_ALL = 64 * 1024 * 1024;
/** Others wrote these, and their examples look like tokens. */
const OF_OTHERS =
  /(^|\/)(node_modules|site-packages|\.cache|\.npm|\.cargo|\.git)\/|^(usr|lib\w*|bin|sbin|var\/(lib|cache))\//;

const options = { detectors: new Set(['token_patterns'] as const), findKnown: () => [] };

/** Finds secrets in the files of a snapshot that changed since the guest booted, as they are. */
export class SecretSearch {
  readonly found: SecretFile[] = [];
  readonly #needles: readonly Buffer[];
  readonly #except: ReadonlySet<string>;
  readonly #since: number;
  #left = MOST_OF_ALL;

  constructor({ values, except, since }: SearchedFor) {
    this.#needles = [...new Set(values)]
      .filter(({ length }) => length >= SHORTEST_VALUE)
      .map((value) => Buffer.from(value));
    this.#except = except;
    this.#since = Math.floor(since / 1000);
  }

  /** Returns how to search an entry; undefined for one that is not searched. */
  treat({ path, isFile, changed }: SnapshotEntry): Treatment | undefined {
    if (!isFile || changed < this.#since || this.#except.has(path)) return undefined;
    const kinds = new Set<string>();
    const needles = new NeedleSearch(this.#needles, () => kinds.add('a secret of this bottle'));
    const head = OF_OTHERS.test(path) ? undefined : new Head(Math.min(MOST_OF_A_FILE, this.#left));
    return {
      kind: 'observe',
      observe: (part) => {
        if (part.length > 0) {
          needles.push(part);
          head?.push(part);
          return;
        }
        for (const kind of this.#kindsIn(head?.bytes())) kinds.add(kind);
        if (kinds.size > 0) this.found.push({ path: `/${path}`, kinds: [...kinds] });
      },
    };
  }

  #kindsIn(head: Buffer | undefined): string[] {
    if (head === undefined || head.length === 0 || head.subarray(0, 8192).includes(0)) return [];
    this.#left -= head.length;
    return scanPlainText(head.toString('latin1'), options).map(({ type }) => type);
  }
}

/** Finds byte strings in a stream of parts. */
class NeedleSearch {
  readonly #needles: readonly Buffer[];
  readonly #overlap: number;
  readonly #onFound: () => void;
  #end: Buffer = Buffer.alloc(0);

  constructor(needles: readonly Buffer[], onFound: () => void) {
    this.#needles = needles;
    this.#overlap = Math.max(0, ...needles.map(({ length }) => length - 1));
    this.#onFound = onFound;
  }

  push(part: Buffer): void {
    if (this.#needles.length === 0) return;
    const border = Buffer.concat([this.#end, part.subarray(0, this.#overlap)]);
    const isFound = this.#needles.some((needle) => border.includes(needle) || part.includes(needle));
    if (isFound) this.#onFound();
    this.#end = Buffer.from(
      Buffer.concat([this.#end, part.subarray(-this.#overlap)]).subarray(-this.#overlap),
    );
  }
}

/** The beginning of a file. */
class Head {
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  push(part: Buffer): void {
    if (this.#length >= this.#most) return;
    const taken = Buffer.from(part.subarray(0, this.#most - this.#length));
    this.#parts.push(taken);
    this.#length += taken.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
