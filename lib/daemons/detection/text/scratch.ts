/** Bytes that are kept at most; larger memory is let go of when less is asked for. */
const KEPT = 1024 * 1024;

/** Memory that is used again from text to text, for what does not outlive the look at one. */
export class Scratch {
  #bytes = Buffer.alloc(0);

  /** Whatever was in it before is still there, or not. */
  atLeast(size: number): Buffer {
    const { length } = this.#bytes;
    if (length < size || (length > KEPT && size <= KEPT))
      this.#bytes = Buffer.alloc(Math.max(4096, size * 2));
    return this.#bytes;
  }
}
