import { rename, writeFile } from 'node:fs/promises';
import type { BundleHealth } from '../contract/init/health.ts';

/**
 * Keeps the health file current. A reader never sees half a file: each state is written beside it and renamed
 * into place. States that change faster than the disk are skipped; the last one always gets written.
 */
export class HealthFile {
  readonly #path: string;
  #pending: BundleHealth | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when this state or a newer one is in the file. */
  write(health: BundleHealth): Promise<void> {
    this.#pending = health;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#pending !== undefined) {
      const health = this.#pending;
      this.#pending = undefined;
      const temporary = `${this.#path}.new`;
      await writeFile(temporary, `${JSON.stringify(health)}\n`, { mode: 0o644 });
      await rename(temporary, this.#path);
    }
  }
}
