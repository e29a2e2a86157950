import { type MemoryBudget, MemoryExhausted, type MemoryShare } from '../shared/memory-budget.ts';
import { PacedScanner } from './body-scanner.ts';
import { LOOK_BACK, MAGIC_BYTES, PackedFile, type PackedStart, packedStarts } from './decode/packed-file.ts';
import type { Finding, ScanOptions } from './scan-text.ts';
import { UnscannableBody } from './unscannable-body.ts';

/** How many layers of compressed files inside compressed files are followed. */
const MAX_DEPTH = 3;

/** Bytes that the compressed files of one body may unpack to in total and still be scanned. */
const MAX_UNPACKED = 64 * 1024 * 1024;

/**
 * The same for a small body: no more than deflate can do, and a spare. Otherwise a hundred bytes of Brotli or zstd would
 * cost seconds of CPU each.
 */
const MOST_GROWTH = 1_032;
const SPARE_UNPACKED = 4 * 1024 * 1024;

/** Returns the bytes that a body of `bytes` may unpack to in total and still be scanned. */
export function mostUnpacked(bytes: number): number {
  return Math.min(MAX_UNPACKED, MOST_GROWTH * bytes + SPARE_UNPACKED);
}

/** Compressed files per body, and how many of them may be open at once. False starts are closed quickly. */
const MAX_FILES = 4096;
const MAX_OPEN = 16;

/**
 * Bounds decoding time whatever the body looks like: decoders may read this many times its bytes, plus the
 * spare.
 */
const MAX_READINGS = 16;
const SPARE_BYTES = 1024 * 1024;

/** What the compressed files of one body have used up so far. */
interface Spent {
  body: number;
  read: number;
  unpacked: number;
  files: number;
}

interface OpenFile {
  readonly file: PackedFile;
  readonly scanner: ContentScanner;
  /**
   * Accounts for what the decoder may retain, at most all it has unpacked; absent where that is negligible.
   */
  readonly kept: MemoryShare | undefined;
}

/**
 * Scans a body as it arrives, and any compressed file that it is or contains, even if its headers do not say
 * so. A false start costs only the bytes until it is recognized as one.
 */
export class ContentScanner {
  readonly #options: ScanOptions;
  readonly #budget: MemoryBudget;
  readonly #plain: PacedScanner;
  readonly #depth: number;
  readonly #spent: Spent;
  #tail = Buffer.alloc(0);
  #isStart = true;
  #open: OpenFile[] = [];

  /** `announced`: the body's declared length in bytes; absent if it declares none. */
  constructor(
    options: ScanOptions,
    budget: MemoryBudget,
    announced?: number,
    { depth, spent }: { depth: number; spent: Spent } = { depth: 0, spent: nothing() },
  ) {
    this.#options = options;
    this.#budget = budget;
    this.#plain = new PacedScanner(options, announced);
    this.#depth = depth;
    this.#spent = spent;
  }

  /** Returns findings so far. @throws UnscannableBody; Error when the worker thread died. */
  async push(chunk: Buffer): Promise<Finding[]> {
    const findings = await this.#plain.push(chunk);
    if (this.#depth === 0) this.#spent.body += chunk.length;
    for (const open of this.#open) findings.push(...(await this.#feed(open, chunk)));
    if (this.#depth < MAX_DEPTH) findings.push(...(await this.#openFiles(chunk)));
    this.#open = this.#open.filter(({ file }) => !file.isOver);
    return findings;
  }

  /** Scans everything that has arrived, including files that are still incomplete. More may follow. */
  async end(): Promise<Finding[]> {
    const findings = await this.#plain.end();
    for (const { scanner } of this.#open) findings.push(...hidden(await scanner.end()));
    return findings;
  }

  close(): void {
    this.#plain.close();
    for (const open of this.#open) closeFile(open);
  }

  async #openFiles(chunk: Buffer): Promise<Finding[]> {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const starts = packedStarts(bytes, this.#isStart);
    const known = this.#tail.length;
    const isNew = ({ index }: PackedStart) =>
      index + MAGIC_BYTES > known && index + MAGIC_BYTES <= bytes.length;
    if (bytes.length >= MAGIC_BYTES) this.#isStart = false;
    this.#tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - (LOOK_BACK + MAGIC_BYTES - 1))));
    const findings: Finding[] = [];
    for (const { format, index } of starts.filter(isNew)) {
      this.#spend('files', 1);
      const scanner = new ContentScanner(this.#options, this.#budget, undefined, {
        depth: this.#depth + 1,
        spent: this.#spent,
      });
      // The other formats look back 32 KiB at most; a zstd file chooses its own window size.
      const kept = format === 'zstd' ? this.#budget.open() : undefined;
      const open = { file: new PackedFile(format), scanner, kept };
      this.#open.push(open);
      findings.push(...(await this.#feed(open, bytes.subarray(index))));
      this.#open = this.#open.filter(({ file }) => !file.isOver);
      if (this.#open.length > MAX_OPEN) throw tooMuch();
    }
    return findings;
  }

  async #feed(open: OpenFile, bytes: Buffer): Promise<Finding[]> {
    const { file, scanner, kept } = open;
    const findings: Finding[] = [];
    for await (const { read, unpacked } of file.feed(bytes)) {
      this.#spend('read', read);
      for (const part of unpacked) {
        this.#spend('unpacked', part.length);
        if (kept?.take(part.length) === false) throw new UnscannableBody(new MemoryExhausted().message);
        findings.push(...hidden(await scanner.push(part)));
      }
    }
    return file.isOver ? [...findings, ...(await this.#finish(open))] : findings;
  }

  async #finish(open: OpenFile): Promise<Finding[]> {
    const findings = hidden(await open.scanner.end());
    closeFile(open);
    return findings;
  }

  #spend(what: 'read' | 'unpacked' | 'files', amount: number): void {
    const spent = this.#spent;
    spent[what] += amount;
    const most = MAX_READINGS * (spent.body + spent.unpacked) + SPARE_BYTES;
    if (spent.files > MAX_FILES || spent.unpacked > mostUnpacked(spent.body) || spent.read > most)
      throw tooMuch();
  }
}

function closeFile({ file, scanner, kept }: OpenFile): void {
  file.close();
  scanner.close();
  kept?.release();
}

const nothing = (): Spent => ({ body: 0, read: 0, unpacked: 0, files: 0 });

const tooMuch = () => new UnscannableBody('it holds more compressed files than can be looked into');

/** A value inside a compressed file cannot be cut out of the body. */
const hidden = (findings: readonly Finding[]) =>
  findings.map(({ type, value }) => ({ type, value, inPlainSight: false }));
