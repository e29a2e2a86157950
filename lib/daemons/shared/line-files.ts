import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LineFilesOptions {
  readonly directory: string;
  readonly nameOf: (number: number) => string;
  /** Returns `undefined` for the name of an unrelated file. */
  readonly numberOf: (name: string) => number | undefined;
  /** A file of this size is followed by the next one. */
  readonly maxBytes: number;
  /** Files kept; the oldest is deleted first. */
  readonly maxFiles: number;
  /** Bytes kept in memory while nothing can be written. Further lines are dropped and counted. */
  readonly maxQueuedBytes: number;
  /** Milliseconds between attempts to write. */
  readonly retryMs: number;
  /** Returns the line that replaces dropped lines. */
  readonly gap: (lost: number) => string;
  /** Called when writing first fails, and when it works again. */
  readonly say: (text: string) => void;
}

/**
 * Appends lines to a numbered file and starts the next one when it is full. Files are never renamed, so
 * readers that follow along miss nothing. `append` never waits: a single writer writes everything queued at
 * once. The rotating streams on npm stop for good at the first full disk, or take a short write for a
 * complete one.
 */
export class LineFiles {
  readonly #options: LineFilesOptions;
  #file: FileHandle;
  #number: number;
  #size: number;
  #queue: Buffer[] = [];
  /** The rest of a partial write. It must go out first, or two lines would run together. */
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

  /** Continues the newest file. @throws Error when the directory cannot be written. */
  static async open(options: LineFilesOptions): Promise<LineFiles> {
    const { directory, nameOf, maxBytes } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const newest = (await numbersIn(options)).at(-1) ?? 1;
    const file = await open(join(directory, nameOf(newest)), 'a+', 0o600);
    let { size } = await file.stat();
    if (size > 0 && size < maxBytes && !(await endsLine(file, size))) {
      // The previous process was killed in the middle of a line.
      size += (await file.write('\n')).bytesWritten;
    }
    return new LineFiles(options, { file, number: newest, size });
  }

  /** `line` has no line break. After `close`, it is dropped. */
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

  /** Writes what is queued, with one last attempt if writing fails, and closes the file. Never throws. */
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

  /** Call where the dropped lines would have been. */
  #markGap(): void {
    if (this.#lost === 0) return;
    this.#push(Buffer.from(`${this.#options.gap(this.#lost)}\n`));
    this.#lost = 0;
  }

  async #writeAll(): Promise<void> {
    // Batches everything that is appended in the same turn of the event loop.
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

  /** Writes as much as fits in the current file, at least one line. */
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

/** Returns the numbers in ascending order. */
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
