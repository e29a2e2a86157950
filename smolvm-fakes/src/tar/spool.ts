import { closeSync, createReadStream, fstatSync, openSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An unlinked temporary file, which the kernel reclaims however this process ends. */
export class Spool implements Disposable {
  readonly #descriptor: number;

  constructor(label: string) {
    const file = join(tmpdir(), `smolvm-pack-${process.pid}-${process.hrtime.bigint()}-${label}`);
    this.#descriptor = openSync(file, 'wx+', 0o600);
    unlinkSync(file);
  }

  /** For reading at given offsets; owned by the spool. */
  get descriptor(): number {
    return this.#descriptor;
  }

  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  async append(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = await open(`/proc/self/fd/${this.#descriptor}`, 'a');
    try {
      await file.writeFile(chunks);
    } finally {
      await file.close();
    }
  }

  chunks(): AsyncIterable<Buffer> {
    return createReadStream('', { fd: this.#descriptor, autoClose: false, start: 0, highWaterMark: 1 << 20 });
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}
