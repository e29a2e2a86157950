import { scanBytes } from './scan-bytes.ts';
import type { Finding, ScanOptions } from './scan-text.ts';

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
