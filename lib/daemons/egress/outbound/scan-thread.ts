import type { Finding, RemoteScan, RemoteScans, ScanScope } from '../../detection/index.ts';
import { ThreadOnDemand } from '../../shared/thread-on-demand.ts';

/** Messages to the thread. Every one but `open` and `close` gets one reply, in order. */
export type ScanCommand =
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly scope: ScanScope;
      readonly secrets: readonly string[];
    }
  | { readonly kind: 'push'; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

export interface ScanReply {
  readonly id: number;
  readonly findings: Finding[];
}

/** Megabytes of heap: a window of text and what it decodes to is small, but garbage accumulates fast. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

/** Commands that the thread has at one time: the next is there when it finishes the last. */
const MAX_POSTED = 2;

/** A command that waits for its turn. */
interface Waiting {
  readonly id: number;
  /** Bytes of its body that are still to come. */
  readonly left: number;
  readonly post: () => void;
  readonly result: PromiseWithResolvers<Finding[]>;
}

/**
 * Scans long bodies off the event loop, so that no other request waits for them: a window takes some
 * milliseconds, a hostile one a few dozen. The body with the fewest bytes left goes first. So short bodies do
 * not wait for long ones, and of many long ones, which would otherwise all finish together, one is held in
 * memory while reading of the others pauses.
 */
export class ScanThread implements RemoteScans {
  readonly #thread: ThreadOnDemand<ScanReply>;
  readonly #secrets: () => readonly string[];
  #last = 0;
  #waiting: Waiting[] = [];
  /** Replies that the thread owes, by body. */
  readonly #posted = new Map<number, PromiseWithResolvers<Finding[]>>();

  /**
   * @param program the module `scan-worker`.
   * @param secrets returns the secrets that are known now.
   * @param idleMs milliseconds without work after which the thread ends.
   */
  constructor(program: URL, secrets: () => readonly string[], idleMs?: number) {
    this.#secrets = secrets;
    this.#thread = new ThreadOnDemand<ScanReply>({
      program,
      heap: HEAP,
      idleMs,
      replied: ({ id, findings }) => {
        this.#posted.get(id)?.resolve(findings);
        this.#posted.delete(id);
        this.#postNext();
      },
      died: () => {
        for (const { reject } of [...this.#posted.values(), ...this.#waiting.map(({ result }) => result)])
          reject(new Error('the scan broke off'));
        this.#posted.clear();
        this.#waiting = [];
      },
    });
  }

  open(scope: ScanScope, size: number): RemoteScan {
    this.#last += 1;
    const id = this.#last;
    const { worker, isAlive, release } = this.#thread.hold();
    const post = (command: ScanCommand, transferList: ArrayBuffer[] = []) =>
      worker.postMessage(command, transferList);
    post({ kind: 'open', id, scope, secrets: this.#secrets() });
    let left = size;
    const enqueue = (postCommand: () => void) => {
      // A new thread has not seen the earlier parts of this body.
      if (!isAlive()) return Promise.reject(new Error('the scan broke off'));
      const result = Promise.withResolvers<Finding[]>();
      this.#waiting.push({ id, left, post: postCommand, result });
      this.#postNext();
      return result.promise;
    };
    return {
      push: (chunks) => {
        left -= chunks.reduce((sum, { length }) => sum + length, 0);
        return enqueue(() => {
          const bytes = copyOf(chunks);
          post({ kind: 'push', id, bytes }, [bytes]);
        });
      },
      end: () => enqueue(() => post({ kind: 'end', id })),
      close: () => {
        for (const { result } of this.#waiting.filter((one) => one.id === id))
          result.reject(new Error('the scan was given up'));
        this.#waiting = this.#waiting.filter((one) => one.id !== id);
        post({ kind: 'close', id });
        // Held until the reply: if the thread ended before, the command would count as posted forever.
        const owed = this.#posted.get(id)?.promise ?? Promise.resolve();
        owed.then(release, release);
      },
    };
  }

  /** Posts the next commands to the thread. */
  #postNext(): void {
    while (this.#posted.size < MAX_POSTED && this.#waiting.length > 0) {
      const next = this.#waiting.reduce((first, other) => (goesBefore(other, first) ? other : first));
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.#posted.set(next.id, next.result);
      next.post();
    }
  }
}

function goesBefore(one: Waiting, other: Waiting): boolean {
  return one.left === other.left ? one.id < other.id : one.left < other.left;
}

/** Copies into a buffer that can be transferred. */
function copyOf(chunks: readonly Buffer[]): ArrayBuffer {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes.buffer;
}
