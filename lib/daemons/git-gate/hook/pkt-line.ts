import type { Readable, Writable } from 'node:stream';

/** Reads git's pkt-lines: four hex digits with the length, themselves included, then the content; `0000` is a flush. */
export class PktReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #held = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The lines up to a flush, each without its line break. @throws Error for what is no pkt-line, or no UTF-8 */
  async section(): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const length = Number.parseInt((await this.#take(4)).toString('latin1'), 16);
      if (length === 0) return lines;
      if (!(length >= 4)) throw new Error('git sent no pkt-line');
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await this.#take(length - 4));
      lines.push(text.replace(/\n$/, ''));
    }
  }

  async #take(size: number): Promise<Buffer> {
    while (this.#held.length < size) {
      const { value, done } = await this.#chunks.next();
      if (done === true) throw new Error('git ended early');
      this.#held = Buffer.concat([this.#held, value]);
    }
    const taken = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    return taken;
  }
}

/** Bytes of content that a pkt-line can have. */
const MAX_CONTENT = 65_516;

/** Writes the lines and a flush. What is too long for one is cut. */
export function writeSection(stream: Writable, lines: readonly string[]): void {
  const packets = lines.map((line) => {
    const content = Buffer.from(`${line}\n`).subarray(0, MAX_CONTENT);
    return Buffer.concat([Buffer.from((content.length + 4).toString(16).padStart(4, '0')), content]);
  });
  stream.write(Buffer.concat([...packets, Buffer.from('0000')]));
}
