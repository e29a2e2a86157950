/** Larger buffers are released when less is needed again. */
const KEPT = 1024 * 1024;

/** A buffer that is reused for every text. Its content does not outlive the scan of one text. */
export class Scratch {
  #bytes = Buffer.alloc(0);

  /** Returns at least `size` bytes. Previous content may or may not be there. */
  atLeast(size: number): Buffer {
    const { length } = this.#bytes;
    if (length < size || (length > KEPT && size <= KEPT))
      this.#bytes = Buffer.alloc(Math.max(4096, size * 2));
    return this.#bytes;
  }
}
