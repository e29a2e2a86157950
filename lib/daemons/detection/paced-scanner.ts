import { BodyScanner } from './body-scanner.ts';
import type { Finding, RemoteScan, ScanOptions } from './scan-text.ts';

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
