/** Number of texts that are remembered, and maximum characters of each: half a megabyte at most. */
const CAPACITY = 128;
const MAX_TEXT = 4096;

/** Texts that were scanned recently and hold nothing, so that they need not be scanned again. */
export class CleanTexts {
  readonly #texts = new Set<string>();

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  add(text: string): void {
    if (text.length > MAX_TEXT) return;
    this.#texts.add(text);
    if (this.#texts.size <= CAPACITY) return;
    const oldest = this.#texts.keys().next();
    if (oldest.done !== true) this.#texts.delete(oldest.value);
  }
}
