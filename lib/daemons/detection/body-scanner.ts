import { plainText, runsText } from './decode/readable-text.ts';
import { type Finding, type RemoteScan, type ScanOptions, scanText, TYPE_KNOWN } from './scan-text.ts';

/**
 * Returns every secret in the readable parts of the bytes. Known secrets are also found where non-text bytes
 * separate their letters, however few letters stand in a row.
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

/** Bytes scanned in one go. Takes a few milliseconds, so other requests get their turn in between. */
const WINDOW = 64 * 1024;

/** Bytes of the previous window that are scanned again, so that no window border hides a secret. */
const OVERLAP = 8 * 1024;

/** Scans a body as it arrives. Memory is bounded by one window; time is linear in the bytes pushed. */
export class BodyScanner {
  readonly #options: ScanOptions;
  #pending: Buffer[] = [];
  #size = 0;
  #fresh = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** Returns what was found in the bytes so far and not reported before. */
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

  /** Scans what is still buffered. More may be pushed afterwards. */
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

/** Bytes scanned in one go, here or in the worker thread. */
const PORTION = 64 * 1024;

/**
 * Scans a body as it arrives. A short body is scanned here once complete, which is cheaper than a round trip
 * to the worker thread; a longer one is scanned there portion by portion, if there is such a thread. Await
 * each call: that bounds memory to one portion.
 */
export class PacedScanner {
  readonly #options: ScanOptions;
  readonly #announced: number;
  #portion: Buffer[] = [];
  #size = 0;
  #remote: RemoteScan | undefined;
  #local: BodyScanner | undefined;

  /** `announced`: the body's declared length in bytes; absent if it declares none. */
  constructor(options: ScanOptions, announced = Number.POSITIVE_INFINITY) {
    this.#options = options;
    this.#announced = announced;
  }

  /** Returns findings so far. @throws Error when the worker thread died. */
  async push(chunk: Buffer): Promise<Finding[]> {
    this.#portion.push(chunk);
    this.#size += chunk.length;
    return this.#size < PORTION ? [] : this.#flush();
  }

  /** Scans the rest of what has arrived; more may follow. @throws Error when the worker thread died. */
  async end(): Promise<Finding[]> {
    if (this.#remote === undefined) return [...this.#scanHere(), ...this.#scannerHere().end()];
    const findings = this.#size === 0 ? [] : await this.#flush();
    return [...findings, ...(await this.#remote.end())];
  }

  close(): void {
    this.#remote?.close();
  }

  #flush(): Promise<Finding[]> | Finding[] {
    const { thread, detectors, exhaustive, passesLowRisk } = this.#options;
    if (thread === undefined) return this.#scanHere();
    this.#remote ??= thread.open({ detectors, exhaustive, passesLowRisk }, this.#announced);
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
