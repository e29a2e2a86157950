import { type MemoryBudget, MemoryExhausted, type MemoryShare } from '../shared/memory-budget.ts';
import { PacedScanner } from './body-scanner.ts';
import { LOOK_BACK, MAGIC_BYTES, PackedFile, type PackedStart, packedStarts } from './decode/packed-file.ts';
import type { Finding, ScanOptions } from './scan-text.ts';
import { UnscannableBody } from './unscannable-body.ts';

/** Compressed files inside compressed files that are followed. */
const MAX_DEPTH = 3;

/** Bytes that what is compressed in one body may unpack to, and still be scanned. */
export const MAX_UNPACKED = 64 * 1024 * 1024;

/** Compressed files of one body, and such that are read at one time: what only looks like one ends soon. */
const MAX_FILES = 4096;
const MAX_OPEN = 16;

/** Times that a body may be read by decoders, and bytes besides: the bound on time, whatever looks like a beginning. */
const MAX_READINGS = 16;
const SPARE_BYTES = 1024 * 1024;

/** What has been spent on the compressed files of one body. */
interface Spent {
  body: number;
  read: number;
  unpacked: number;
  files: number;
}

interface OpenFile {
  readonly file: PackedFile;
  readonly scanner: ContentScanner;
  /** What its decoder may keep, which is all that it has unpacked; absent where that is next to nothing. */
  readonly kept: MemoryShare | undefined;
}

/**
 * Scans a body as it comes, and with it the compressed files that it is or holds, of which its headers need say nothing.
 * What looks like a beginning and is none costs the bytes until that is clear.
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

  /** `announced`: bytes that the body says it has; absent when it says nothing. */
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

  /** What was found meanwhile. @throws UnscannableBody; Error when the other thread died. */
  async push(chunk: Buffer): Promise<Finding[]> {
    const findings = await this.#plain.push(chunk);
    if (this.#depth === 0) this.#spent.body += chunk.length;
    for (const open of this.#open) findings.push(...(await this.#feed(open, chunk)));
    if (this.#depth < MAX_DEPTH) findings.push(...(await this.#openFiles(chunk)));
    this.#open = this.#open.filter(({ file }) => !file.isOver);
    return findings;
  }

  /** Looks at all that came so far, also of a file that is not whole; more may follow. */
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
      // Others look back 32 KiB at most; zstd as far as a file says.
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
    if (spent.files > MAX_FILES || spent.unpacked > MAX_UNPACKED || spent.read > most) throw tooMuch();
  }
}

function closeFile({ file, scanner, kept }: OpenFile): void {
  file.close();
  scanner.close();
  kept?.release();
}

const nothing = (): Spent => ({ body: 0, read: 0, unpacked: 0, files: 0 });

const tooMuch = () => new UnscannableBody('it holds more compressed files than can be looked into');

/** What stands in a compressed file cannot be cut out of the body. */
const hidden = (findings: readonly Finding[]) =>
  findings.map(({ type, value }) => ({ type, value, inPlainSight: false }));
