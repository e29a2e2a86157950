import type { Readable } from 'node:stream';
import type { LocalGit, Mirror } from '../mirror.ts';
import { GitFault, startGit } from '../run-git.ts';
import type { NewObject } from './new-objects.ts';

export interface Content {
  readonly object: NewObject;
  /** Its bytes as they come. What of them is not read is skipped. */
  readonly bytes: AsyncIterable<Buffer>;
}

/** Yields the content of each object, in order, without ever holding a whole one. @throws GitFault */
export async function* contentsOf(
  objects: readonly NewObject[],
  mirror: Mirror,
  local: LocalGit,
): AsyncGenerator<Content> {
  const input = objects.map(({ id }) => `${id}\n`).join('');
  const git = startGit(
    mirror.arguments(['cat-file', '--batch', '--buffer']),
    mirror.options({ ...local, input }),
  );
  const reader = new StreamReader(git.stdout);
  try {
    for (const object of objects) {
      const header = await reader.line();
      if (header !== `${object.id} ${object.type} ${object.size}`) throw new GitFault('an object is missing');
      yield { object, bytes: reader.take(object.size) };
      await reader.skip();
      if ((await reader.line()) !== '') throw new GitFault('an object has another size than git said');
    }
  } finally {
    git.stop();
    git.stdout.destroy();
  }
}

/** Longest line that is read, in bytes. */
const MAX_LINE = 4096;

class StreamReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the content that is being taken. */
  #left = 0;

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** A line without its end. @throws GitFault when the stream ends before */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#held.toString('latin1', 0, end);
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      if (this.#held.length > MAX_LINE) throw new GitFault('git said something else than objects');
      this.#held = Buffer.concat([this.#held, await this.#next()]);
    }
  }

  /** The next `size` bytes. */
  async *take(size: number): AsyncGenerator<Buffer> {
    this.#left = size;
    while (this.#left > 0) {
      if (this.#held.length === 0) this.#held = await this.#next();
      const part = this.#held.subarray(0, this.#left);
      this.#held = this.#held.subarray(part.length);
      this.#left -= part.length;
      yield part;
    }
  }

  /** Reads what whoever took it has left. */
  async skip(): Promise<void> {
    for await (const _ of this.take(this.#left));
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw new GitFault('git ended before all objects were read');
    return value;
  }
}
