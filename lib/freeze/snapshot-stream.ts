import { BLOCK, padded, readHeader, refusedSnapshot, type TarHeader, withSize } from './tar-header.ts';

/** An entry of a guest's snapshot. */
export interface SnapshotEntry {
  /** Below `/`, without a slash at its beginning or end. */
  readonly path: string;
  readonly isFile: boolean;
  readonly isSymlink: boolean;
  /** Of a link; empty for anything else. */
  readonly target: string;
  /** When anything of it changed last, in seconds since 1970 by the guest's clock. */
  readonly changed: number;
}

/** What becomes of an entry. */
export type Treatment =
  | { readonly kind: 'keep' }
  | { readonly kind: 'leave-out' }
  /** Kept as it is; `observe` sees its content in parts, the last of which is empty. */
  | { readonly kind: 'observe'; readonly observe: (part: Buffer) => void }
  | { readonly kind: 'edit'; readonly edit: (content: Buffer) => Buffer };

/** Bytes; a path of the guest has at most 4000. */
const LONGEST_NAME = 8192;
/** Bytes of all attributes of an entry; Linux allows 64 KiB of names and as much for each value. */
const LONGEST_ATTRIBUTES = 1024 * 1024;
/** Bytes of a file that can be edited. CA bundles have 200 KiB. */
const LONGEST_EDITED = 4 * 1024 * 1024;
/** Zeros that may follow an archive's end. */
const LONGEST_PADDING = 1024 * 1024;

const KEEP: Treatment = { kind: 'keep' };
const NOTHING = Buffer.alloc(0);

/**
 * Takes the archive that the guest tool writes, in parts of any size, and returns what is to be kept of it. It holds no more
 * than one header or one edited file.
 */
export class SnapshotStream {
  readonly #treat: (entry: SnapshotEntry) => Treatment;
  /** Blocks of the current entry that are not passed on yet: extensions first. */
  #head: Buffer[] = [];
  #longName: string | undefined;
  #longLink: string | undefined;
  /** Bytes that are too few for what is to be read as a whole. */
  #held: Buffer = NOTHING;
  /** What the next bytes are. */
  #state: 'header' | 'extension' | 'content' | 'edited' | 'end' = 'header';
  #extension = '';
  /** Bytes of the current content, and of its padding, that are still to come. */
  #left = 0;
  #padding = 0;
  #treatment: Treatment = KEEP;
  #zeros = 0;
  readonly #leftOut = new Set<string>();

  constructor(treat: (entry: SnapshotEntry) => Treatment) {
    this.#treat = treat;
  }

  /** @throws BottleError `work-refused` for what the guest tool would not write. */
  push(chunk: Buffer): Buffer[] {
    const kept: Buffer[] = [];
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    while (rest.length > 0) {
      const taken = this.#take(rest, kept);
      if (taken === 0) {
        this.#held = Buffer.from(rest);
        break;
      }
      rest = rest.subarray(taken);
    }
    return kept;
  }

  /** Whether the archive has its end. */
  get isComplete(): boolean {
    return this.#state === 'end' && this.#held.length === 0;
  }

  /** Returns how many bytes it took; 0 when it needs more. */
  #take(bytes: Buffer, kept: Buffer[]): number {
    switch (this.#state) {
      case 'header':
        return this.#takeHeader(bytes, kept);
      case 'extension':
        return this.#takeExtension(bytes);
      case 'content':
        return this.#takeContent(bytes, kept);
      case 'edited':
        return this.#takeEdited(bytes, kept);
      case 'end':
        return this.#takeEnd(bytes);
    }
  }

  #takeHeader(bytes: Buffer, kept: Buffer[]): number {
    if (bytes.length < BLOCK) return 0;
    const block = bytes.subarray(0, BLOCK);
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      if (this.#head.length > 0) throw refusedSnapshot('it ends in the middle of an entry');
      this.#state = 'end';
      kept.push(Buffer.alloc(2 * BLOCK));
      return BLOCK;
    }
    const header = readHeader(block);
    this.#head.push(Buffer.from(block));
    this.#left = header.size;
    this.#padding = padded(header.size) - header.size;
    if (header.isExtension) {
      const most = header.type === 'x' ? LONGEST_ATTRIBUTES : LONGEST_NAME;
      if (header.size > most) throw refusedSnapshot('an extended header is too long');
      this.#extension = header.type;
      this.#state = 'extension';
    } else this.#begin(header, kept);
    return BLOCK;
  }

  #takeExtension(bytes: Buffer): number {
    const size = this.#left + this.#padding;
    if (bytes.length < size) return 0;
    const body = bytes.subarray(0, this.#left);
    if (this.#extension === 'x') assertAttributes(body);
    else {
      const name = body.toString('utf8').replace(/\0$/, '');
      if (name.includes('\0')) throw refusedSnapshot('a long name has a NUL');
      if (this.#extension === 'L') this.#longName = name;
      else this.#longLink = name;
    }
    this.#head.push(Buffer.from(bytes.subarray(0, size)));
    this.#state = 'header';
    return size;
  }

  /** Decides about an entry, whose header has come. */
  #begin(header: TarHeader, kept: Buffer[]): void {
    const path = checkedPath(this.#longName ?? header.name);
    const isHardLink = header.type === '1';
    const link = this.#longLink ?? header.link;
    const target = isHardLink ? checkedPath(link) : header.type === '2' ? link : '';
    const isFile = header.type === '0' || header.type === 'S';
    const entry = { path, isFile, isSymlink: header.type === '2', target, changed: header.changed };
    const isLost = isHardLink && this.#leftOut.has(target);
    this.#treatment = isLost ? { kind: 'leave-out' } : this.#treat(entry);
    this.#longName = undefined;
    this.#longLink = undefined;
    if (this.#treatment.kind === 'edit' && (header.type !== '0' || header.size > LONGEST_EDITED)) {
      this.#treatment = { kind: 'leave-out' };
    }
    this.#state = 'content';
    if (this.#treatment.kind === 'leave-out') {
      this.#leftOut.add(path);
      this.#head = [];
    } else if (this.#treatment.kind === 'edit') {
      this.#state = 'edited';
    } else this.#passHead(kept);
    if (this.#state === 'content' && this.#left === 0) this.#finish();
  }

  #passHead(kept: Buffer[]): void {
    kept.push(...this.#head);
    this.#head = [];
  }

  #takeContent(bytes: Buffer, kept: Buffer[]): number {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.length;
    const padding = Math.min(bytes.length - content.length, this.#padding);
    this.#padding -= padding;
    const size = content.length + padding;
    if (this.#treatment.kind !== 'leave-out') kept.push(bytes.subarray(0, size));
    if (this.#treatment.kind === 'observe' && content.length > 0) this.#treatment.observe(content);
    if (this.#left === 0 && this.#padding === 0) this.#finish();
    return size;
  }

  #finish(): void {
    if (this.#treatment.kind === 'observe') this.#treatment.observe(NOTHING);
    this.#state = 'header';
  }

  #takeEdited(bytes: Buffer, kept: Buffer[]): number {
    const size = this.#left + this.#padding;
    if (bytes.length < size) return 0;
    if (this.#treatment.kind !== 'edit') throw new Error('no entry is being edited');
    const content = this.#treatment.edit(bytes.subarray(0, this.#left));
    const header = this.#head.pop() ?? NOTHING;
    kept.push(...this.#head, withSize(header, content.length), content);
    kept.push(Buffer.alloc(padded(content.length) - content.length));
    this.#head = [];
    this.#state = 'header';
    return size;
  }

  #takeEnd(bytes: Buffer): number {
    this.#zeros += bytes.length;
    if (this.#zeros > LONGEST_PADDING || bytes.some((byte) => byte !== 0)) {
      throw refusedSnapshot('more follows its end');
    }
    return bytes.length;
  }
}

/** Only attributes of files: anything else, such as a path, programs would read differently. */
function assertAttributes(body: Buffer): void {
  for (let at = 0; at < body.length; ) {
    const head = /^(\d{1,8}) SCHILY\.xattr\.[^=\0]+=/.exec(body.toString('latin1', at, at + 300));
    const size = Number(head?.[1] ?? 0);
    if (head === null || size < head[0].length || body[at + size - 1] !== 0x0a) {
      throw refusedSnapshot('it has an extended header that the guest tool does not write');
    }
    at += size;
  }
}

function checkedPath(name: string): string {
  const path = name.replace(/\/$/, '');
  const parts = path.split('/');
  if (path !== '' && parts.every((part) => part !== '' && part !== '.' && part !== '..')) return path;
  throw refusedSnapshot('an entry leads out of the root');
}
