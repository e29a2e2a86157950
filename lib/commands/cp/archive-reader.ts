import { Writable } from 'node:stream';
import { Parser, type ReadEntry } from 'tar';
import { type CheckedEntry, EntryRules, type Limits, refusedWork } from './entry-rules.ts';

/** What to do with an entry that passed; `content` must be read to its end. */
export type EntryWriter = (entry: CheckedEntry, raw: ReadEntry) => Promise<void>;

const BLOCK = 512;
/** Where a header of POSIX and GNU archives says that it is one. */
const MAGIC_AT = 257;
/** Bytes after an archive's end that are ignored; tar fills up to its block size. */
const MAX_PADDING = 1024 * 1024;

/**
 * Takes the bytes of a plain tar archive that a guest made. Each entry is checked before anything of it is written;
 * the first one that is refused, and any damage, fails the stream with BottleError `work-refused`.
 */
export class ArchiveReader extends Writable {
  readonly #rules: EntryRules;
  readonly #parser: Parser;
  #start: Buffer | undefined = Buffer.alloc(0);
  /** Entries are written one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #current: ReadEntry | undefined;
  #failure: Error | undefined;
  #hasEnd = false;
  #padding = 0;

  constructor(limits: Limits, write: EntryWriter) {
    super();
    this.#rules = new EntryRules(limits);
    this.#parser = new Parser({ strict: true });
    this.#parser.on('error', (error) => this.#fail(damaged(error instanceof Error ? error.message : '')));
    this.#parser.on('meta', (text: string) => this.#checked(() => this.#rules.checkHeader(text)));
    this.#parser.on('ignoredEntry', (entry: ReadEntry) => this.#checked(() => this.#rules.check(entry)));
    this.#parser.on('eof', () => {
      this.#hasEnd = true;
    });
    this.#parser.on('entry', (entry: ReadEntry) => {
      const checked = this.#checked(() => this.#rules.check(entry));
      if (checked === undefined) return;
      this.#current = entry;
      this.#writing = this.#writing
        .then(() => write(checked, entry))
        .catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    });
  }

  get entries(): number {
    return this.#rules.entries;
  }

  /** Resolves when no entry is being written any more, however the stream ended. */
  settled(): Promise<void> {
    return this.#writing;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const bytes = this.#start === undefined ? chunk : this.#sniff(chunk);
    if (this.#hasEnd) {
      this.#padding += chunk.length;
      if (this.#padding > MAX_PADDING) this.#failure ??= damaged('more follows its end');
    }
    // The parser takes more only after the writer of the current entry has taken some.
    const isFree =
      bytes === undefined || this.#hasEnd || this.#failure !== undefined || this.#parser.write(bytes);
    if (isFree || this.#failure !== undefined) done(this.#failure);
    else this.#parser.once('drain', () => done(this.#failure));
  }

  override _final(done: (error?: Error) => void): void {
    if (this.#start !== undefined) {
      done(damaged('it is empty'));
      return;
    }
    this.#parser.once('end', async () => {
      await this.#writing;
      done(this.#failure ?? (this.#hasEnd ? undefined : damaged('it has no end')));
    });
    this.#parser.end();
  }

  /** Ends the entry that is being written, whose rest will not come. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#failure ??= error ?? undefined;
    this.#current?.destroy(error ?? undefined);
    done(error);
  }

  /** The parser would unpack what is compressed, so it sees only what begins as an archive. */
  #sniff(chunk: Buffer): Buffer | undefined {
    const start = Buffer.concat([this.#start ?? Buffer.alloc(0), chunk]);
    this.#start = start.length < BLOCK ? start : undefined;
    if (start.length < BLOCK) return undefined;
    const isEmpty = start.subarray(0, BLOCK).every((byte) => byte === 0);
    if (!isEmpty && start.toString('latin1', MAGIC_AT, MAGIC_AT + 5) !== 'ustar') {
      this.#failure = damaged('it is no plain tar archive');
    }
    return start;
  }

  #checked<T>(check: () => T): T | undefined {
    if (this.#failure !== undefined) return undefined;
    try {
      return check();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.destroy(this.#failure);
  }
}

function damaged(reason: string): Error {
  return refusedWork(
    `it is no whole archive: ${reason}`,
    'Nothing was copied. Try again; the guest may be under way with these files.',
  );
}
