import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { bottlePaths } from '../bottle/paths.ts';

/** Bytes after which a new file begins; one earlier file is kept. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Appends what agents print to the bottle's log. Several processes may do so at once. */
export class OutputLog {
  readonly #path: string;
  #file: number | undefined;
  #size = 0;

  constructor(slug: string) {
    this.#path = bottlePaths.agentOutput(slug);
    this.#open();
  }

  /** A log that cannot be written must not end a session. */
  write(bytes: Buffer): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, bytes);
      this.#size += bytes.length;
      if (this.#size > MAX_BYTES) this.#rotate();
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    try {
      this.#file = openSync(this.#path, 'a', 0o600);
      this.#size = fstatSync(this.#file).size;
    } catch {
      this.#file = undefined;
    }
  }

  #rotate(): void {
    renameSync(this.#path, `${this.#path}.1`);
    this.close();
    this.#open();
  }
}
