/** Texts that are remembered, and characters of the longest one: half a megabyte of most. */
const CAPACITY = 128;
const MAX_TEXT = 4096;

/** The texts that were looked at last and hold nothing: to look again would find as little. */
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
