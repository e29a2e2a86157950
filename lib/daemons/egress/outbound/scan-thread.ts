import type { Finding, RemoteScan, RemoteScans, ScanScope } from '../../detection/index.ts';
import { ThreadOnDemand } from '../../shared/thread-on-demand.ts';

/** What the thread is asked; every question but `close` is answered once, in order. */
export type ScanQuestion =
  | { readonly kind: 'open'; readonly id: number; readonly scope: ScanScope }
  | { readonly kind: 'push'; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

export interface ScanReply {
  readonly id: number;
  readonly findings: Finding[];
}

/** Megabytes of heap: a window of text and what it decodes to is small, garbage comes fast. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

/** Questions that the thread has at one time: the next is there when it has answered the last. */
const AHEAD = 2;

/** A question that waits for its turn. */
interface Waiting {
  readonly id: number;
  /** Bytes of its body that are still to come. */
  readonly left: number;
  readonly post: () => void;
  readonly answer: PromiseWithResolvers<Finding[]>;
}

/**
 * Scans long bodies beside the event loop, so that no other request waits for them: a window takes some milliseconds,
 * and a hostile one some dozens. The body with the least left goes first. So the short do not wait for the long, and of
 * many long ones, which would else all come to their end together, one is held in memory while the others are read no
 * further.
 */
export class ScanThread implements RemoteScans {
  readonly #thread: ThreadOnDemand<ScanReply>;
  #last = 0;
  #waiting: Waiting[] = [];
  /** Answers that the thread owes, by body. */
  readonly #asked = new Map<number, PromiseWithResolvers<Finding[]>>();

  /**
   * @param program the module `scan-worker`.
   * @param secrets the values that are known.
   * @param idleMs milliseconds without work after which the thread ends.
   */
  constructor(program: URL, secrets: Iterable<string>, idleMs?: number) {
    this.#thread = new ThreadOnDemand<ScanReply>({
      program,
      data: [...secrets],
      heap: HEAP,
      idleMs,
      replied: ({ id, findings }) => {
        this.#asked.get(id)?.resolve(findings);
        this.#asked.delete(id);
        this.#ask();
      },
      died: () => {
        for (const { reject } of [...this.#asked.values(), ...this.#waiting.map(({ answer }) => answer)])
          reject(new Error('the scan broke off'));
        this.#asked.clear();
        this.#waiting = [];
      },
    });
  }

  open(scope: ScanScope, size: number): RemoteScan {
    this.#last += 1;
    const id = this.#last;
    const { worker, isAlive, release } = this.#thread.hold();
    const post = (question: ScanQuestion, transfer: ArrayBuffer[] = []) =>
      worker.postMessage(question, transfer);
    post({ kind: 'open', id, scope });
    let left = size;
    const ask = (postQuestion: () => void) => {
      // A thread that died has forgotten what it had seen of this body.
      if (!isAlive()) return Promise.reject(new Error('the scan broke off'));
      const answer = Promise.withResolvers<Finding[]>();
      this.#waiting.push({ id, left, post: postQuestion, answer });
      this.#ask();
      return answer.promise;
    };
    return {
      push: (chunks) => {
        left -= chunks.reduce((sum, { length }) => sum + length, 0);
        return ask(() => {
          const bytes = copyOf(chunks);
          post({ kind: 'push', id, bytes }, [bytes]);
        });
      },
      end: () => ask(() => post({ kind: 'end', id })),
      close: () => {
        for (const { answer } of this.#waiting.filter((one) => one.id === id))
          answer.reject(new Error('the scan was given up'));
        this.#waiting = this.#waiting.filter((one) => one.id !== id);
        post({ kind: 'close', id });
        // A thread that ended before its answer would leave the place of this question taken for ever.
        const owed = this.#asked.get(id)?.promise ?? Promise.resolve();
        owed.then(release, release);
      },
    };
  }

  /** Gives the thread what is next. */
  #ask(): void {
    while (this.#asked.size < AHEAD && this.#waiting.length > 0) {
      const next = this.#waiting.reduce((first, other) => (goesBefore(other, first) ? other : first));
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.#asked.set(next.id, next.answer);
      next.post();
    }
  }
}

function goesBefore(one: Waiting, other: Waiting): boolean {
  return one.left === other.left ? one.id < other.id : one.left < other.left;
}

/** In memory of its own, which can be handed over. */
function copyOf(chunks: readonly Buffer[]): ArrayBuffer {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes.buffer;
}
