const LINE_END = 0x0a;

/** Splits bytes into lines, and keeps an unfinished one for later. A line of more than `longest` bytes is left out. */
export class LineSplitter {
  readonly #longest: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Returns the lines that are now complete; undefined for one that is left out. */
  push(bytes: Buffer): (string | undefined)[] {
    const lines: (string | undefined)[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, start)) {
      this.#keep(bytes.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(bytes.subarray(start));
    return lines;
  }

  /** Returns what follows the last line end, as a line; undefined when it is left out. */
  end(): string | undefined {
    return this.#take();
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#longest) this.#parts = [];
    else this.#parts.push(Buffer.from(part));
  }

  #take(): string | undefined {
    const line = this.#length > this.#longest ? undefined : Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}
