import { plainText, runsText } from './decode/readable-text.ts';
import { type Finding, type RemoteScan, type ScanOptions, scanText, TYPE_KNOWN } from './scan-text.ts';

/**
 * Every secret in what can be read of the bytes. Of known ones also the letters that stand between bytes that are no text,
 * however few of them at a time: such bytes separate, as blanks and dots do.
 */
export function scanBytes(bytes: Buffer, options: ScanOptions): Finding[] {
  const plain = plainText(bytes);
  if (plain !== undefined) return scanText(plain, options);
  const { detectors, findKnown, exhaustive = false } = options;
  const findings = scanText(runsText(bytes), options);
  if (!detectors.has('known_secrets') || (findings.length > 0 && !exhaustive)) return findings;
  const all = { text: bytes.toString('latin1'), bytes, length: bytes.length };
  for (const { value } of findKnown(all, exhaustive)) {
    if (findings.some((known) => known.value === value)) continue;
    findings.push({ type: TYPE_KNOWN, value, inPlainSight: false });
  }
  return findings;
}

/** Bytes that are scanned at once: some milliseconds of work, between which other requests get their turn. */
const WINDOW = 64 * 1024;

/** Bytes of the window before that are scanned again, so that no border hides a secret. */
const OVERLAP = 8 * 1024;

/** Scans a body as it comes. Memory is bounded by one window; time is linear in what was pushed. */
export class BodyScanner {
  readonly #options: ScanOptions;
  #pending: Buffer[] = [];
  #size = 0;
  #fresh = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** What the bytes so far gave away that was not reported before. */
  push(chunk: Buffer): Finding[] {
    const findings: Finding[] = [];
    for (let start = 0; start < chunk.length; start += WINDOW) {
      const part = chunk.subarray(start, start + WINDOW);
      this.#pending.push(part);
      this.#size += part.length;
      this.#fresh += part.length;
      if (this.#size >= WINDOW) findings.push(...this.#scan());
    }
    return findings;
  }

  /** The same, of what waits for more. More may follow. */
  end(): Finding[] {
    return this.#fresh === 0 ? [] : this.#scan();
  }

  #scan(): Finding[] {
    const [only, ...more] = this.#pending;
    const bytes = only === undefined || more.length > 0 ? Buffer.concat(this.#pending) : only;
    const tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - OVERLAP)));
    this.#pending = [tail];
    this.#size = tail.length;
    this.#fresh = 0;
    return scanBytes(bytes, this.#options);
  }
}

/** Bytes that are scanned at once, here or in the other thread. */
const PORTION = 64 * 1024;

/**
 * Scans a body as it comes: a short one here when it is whole, which costs less than asking; a longer one portion by
 * portion in the other thread, where there is one. To be awaited, so that memory is bounded by a portion.
 */
export class PacedScanner {
  readonly #options: ScanOptions;
  readonly #announced: number;
  #portion: Buffer[] = [];
  #size = 0;
  #remote: RemoteScan | undefined;
  #local: BodyScanner | undefined;

  /** `announced`: bytes that the body says it has; absent when it says nothing. */
  constructor(options: ScanOptions, announced = Number.POSITIVE_INFINITY) {
    this.#options = options;
    this.#announced = announced;
  }

  /** What was found meanwhile. @throws Error when the other thread died. */
  async push(chunk: Buffer): Promise<Finding[]> {
    this.#portion.push(chunk);
    this.#size += chunk.length;
    return this.#size < PORTION ? [] : this.#flush();
  }

  /** What was found in the rest of what has come so far. More may follow. @throws Error when the other thread died. */
  async end(): Promise<Finding[]> {
    if (this.#remote === undefined) return [...this.#scanHere(), ...this.#scannerHere().end()];
    const findings = this.#size === 0 ? [] : await this.#flush();
    return [...findings, ...(await this.#remote.end())];
  }

  close(): void {
    this.#remote?.close();
  }

  #flush(): Promise<Finding[]> | Finding[] {
    const { thread, detectors, exhaustive } = this.#options;
    if (thread === undefined) return this.#scanHere();
    this.#remote ??= thread.open({ detectors, exhaustive }, this.#announced);
    return this.#remote.push(this.#takePortion());
  }

  #scanHere(): Finding[] {
    const scanner = this.#scannerHere();
    return this.#takePortion().flatMap((chunk) => scanner.push(chunk));
  }

  #scannerHere(): BodyScanner {
    this.#local ??= new BodyScanner(this.#options);
    return this.#local;
  }

  #takePortion(): Buffer[] {
    const portion = this.#portion;
    this.#portion = [];
    this.#size = 0;
    return portion;
  }
}
