import { Transform } from 'node:stream';
import type { MemoryBudget } from '../../shared/memory-budget.ts';

/** Bytes of a text in which credentials that it hands out are looked for. */
export const MAX_HEARD = 512 * 1024;

/** Is told what a response says: its headers, and its body if that is text of at most `MAX_HEARD` bytes. */
export interface Heard {
  readonly headers: (rawHeaders: readonly string[]) => void;
  readonly body: (text: Buffer) => void;
}

/** Passes a text on, and tells it before it ends. */
export function heardText(heard: Heard, budget: MemoryBudget): Transform {
  const share = budget.open();
  let chunks: Buffer[] | undefined = [];
  let length = 0;
  const forget = () => {
    chunks = undefined;
    share.release();
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > MAX_HEARD || !share.take(chunk.length)) forget();
      chunks?.push(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (chunks !== undefined) heard.body(Buffer.concat(chunks));
      done();
    },
    destroy(error, done) {
      forget();
      done(error);
    },
  });
}
