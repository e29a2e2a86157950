import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LineFilesOptions {
  readonly directory: string;
  readonly nameOf: (number: number) => string;
  /** `undefined` for a file that is none of these. */
  readonly numberOf: (name: string) => number | undefined;
  /** A file that has as many is followed by the next. */
  readonly maxBytes: number;
  /** Files kept; the oldest goes first. */
  readonly maxFiles: number;
  /** Bytes that wait in memory while nothing can be written; further lines are lost, and counted. */
  readonly maxQueuedBytes: number;
  /** Milliseconds between two tries to write. */
  readonly retryMs: number;
  /** The line that stands in the place of lines that were lost. */
  readonly gap: (lost: number) => string;
  /** Called when writing fails for the first time, and when it works again. */
  readonly say: (text: string) => void;
}

/**
 * Appends lines to a numbered file, and begins the next one when it is full. No file is ever renamed, so that who
 * reads along loses none. `append` never waits: one writer at a time takes all that has come together in one write.
 *
 * The rotating streams on npm end for good at the first full disk, or take a short write for a whole one.
 */
export class LineFiles {
  readonly #options: LineFilesOptions;
  #file: FileHandle;
  #number: number;
  #size: number;
  #queue: Buffer[] = [];
  /** The rest of a write that the disk took in part: it must go out first, or two lines would run together. */
  #unfinished = Buffer.alloc(0);
  #queuedBytes = 0;
  #lost = 0;
  #isFailing = false;
  #writer: Promise<void> | undefined;
  readonly #closing = new AbortController();

  private constructor(
    options: LineFilesOptions,
    { file, number, size }: { file: FileHandle; number: number; size: number },
  ) {
    this.#options = options;
    this.#file = file;
    this.#number = number;
    this.#size = size;
  }

  /** Goes on in the newest file. @throws Error when the directory cannot be written. */
  static async open(options: LineFilesOptions): Promise<LineFiles> {
    const { directory, nameOf, maxBytes } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const newest = (await numbersIn(options)).at(-1) ?? 1;
    const file = await open(join(directory, nameOf(newest)), 'a+', 0o600);
    let { size } = await file.stat();
    if (size > 0 && size < maxBytes && !(await endsLine(file, size))) {
      // The last one was killed in the middle of a line.
      size += (await file.write('\n')).bytesWritten;
    }
    return new LineFiles(options, { file, number: newest, size });
  }

  /** `line` without its line break. After `close` it is lost. */
  append(line: string): void {
    if (this.#closing.signal.aborted) return;
    const bytes = Buffer.from(`${line}\n`);
    if (this.#queuedBytes + bytes.length > this.#options.maxQueuedBytes) {
      this.#lost += 1;
      return;
    }
    this.#markGap();
    this.#push(bytes);
    this.#writer ??= this.#writeAll().finally(() => {
      this.#writer = undefined;
    });
  }

  /** Writes what waits, once more if need be, and closes the file. Never throws. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writer;
    const left = this.#queue.length + this.#lost + this.#unfinished.toString('latin1').split('\n').length - 1;
    if (left > 0) this.#options.say(`${left} ${left === 1 ? 'line was' : 'lines were'} lost`);
    await this.#file.close().catch(() => {});
  }

  #push(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** To be called where the lost lines would have stood. */
  #markGap(): void {
    if (this.#lost === 0) return;
    this.#push(Buffer.from(`${this.#options.gap(this.#lost)}\n`));
    this.#lost = 0;
  }

  async #writeAll(): Promise<void> {
    // What the same turn of the event loop appends goes out together.
    await new Promise(setImmediate);
    while (this.#queuedBytes > 0) {
      const isLastTry = this.#closing.signal.aborted;
      try {
        await this.#writeSome();
        if (this.#isFailing) this.#options.say('lines are written again');
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#options.say(`lines cannot be written (${reasonOf(error)}): they wait`);
        this.#isFailing = true;
        if (isLastTry) return;
        await sleep(this.#options.retryMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
      if (this.#queuedBytes === 0) this.#markGap();
    }
  }

  /** Writes as much as belongs in the present file, at least one line. */
  async #writeSome(): Promise<void> {
    if (this.#unfinished.length === 0) {
      if (this.#size >= this.#options.maxBytes) await this.#beginNext();
      this.#unfinished = this.#takeBatch();
    }
    while (this.#unfinished.length > 0) {
      const { bytesWritten } = await this.#file.write(this.#unfinished);
      this.#unfinished = this.#unfinished.subarray(bytesWritten);
      this.#size += bytesWritten;
      this.#queuedBytes -= bytesWritten;
    }
  }

  #takeBatch(): Buffer<ArrayBuffer> {
    let bytes = 0;
    let lines = 0;
    for (const { length } of this.#queue) {
      if (lines > 0 && this.#size + bytes >= this.#options.maxBytes) break;
      bytes += length;
      lines += 1;
    }
    return Buffer.concat(this.#queue.splice(0, lines));
  }

  async #beginNext(): Promise<void> {
    const { directory, nameOf, maxFiles } = this.#options;
    const next = await open(join(directory, nameOf(this.#number + 1)), 'a', 0o600);
    await this.#file.close().catch(() => {});
    this.#file = next;
    this.#number += 1;
    this.#size = 0;
    const numbers = await numbersIn(this.#options);
    for (const number of numbers.slice(0, -maxFiles))
      await rm(join(directory, nameOf(number)), { force: true });
  }
}

/** Ascending. */
async function numbersIn({ directory, numberOf }: LineFilesOptions): Promise<number[]> {
  const numbers = (await readdir(directory)).flatMap((name) => numberOf(name) ?? []);
  return numbers.sort((one, other) => one - other);
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
}
