import { type ResourceLimits, Worker } from 'node:worker_threads';

/**
 * Milliseconds without work after which a thread ends: one that has made all leaves keeps ten megabytes for nothing.
 * Starting it again takes some dozens of milliseconds, beside the loop.
 */
const IDLE_MS = 5_000;

export interface ThreadOptions<Reply> {
  /** The module that it runs. */
  readonly program: URL;
  readonly data: unknown;
  readonly heap: ResourceLimits;
  readonly replied: (reply: Reply) => void;
  /** Called when it ended while it was needed: no reply to what it was asked will come. */
  readonly died: () => void;
  readonly idleMs?: number | undefined;
}

interface Thread {
  readonly worker: Worker;
  holds: number;
  ending: NodeJS.Timeout | undefined;
}

/** A claim on a thread: it does not end for want of work before this is released. */
export interface Hold {
  readonly worker: Worker;
  /** Whether it is still the thread that was claimed, with all that it knows. */
  isAlive(): boolean;
  /** May be called again. */
  release(): void;
}

/** A thread that starts when it is first needed, and anew should it die, and ends when nobody has needed it for a while. */
export class ThreadOnDemand<Reply> {
  readonly #options: ThreadOptions<Reply>;
  #thread: Thread | undefined;

  constructor(options: ThreadOptions<Reply>) {
    this.#options = options;
  }

  hold(): Hold {
    this.#thread ??= this.#start();
    const thread = this.#thread;
    clearTimeout(thread.ending);
    thread.holds += 1;
    let isHeld = true;
    return {
      worker: thread.worker,
      isAlive: () => this.#thread === thread,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        thread.holds -= 1;
        if (thread.holds > 0) return;
        const end = () => this.#end(thread);
        thread.ending = setTimeout(end, this.#options.idleMs ?? IDLE_MS).unref();
      },
    };
  }

  #start(): Thread {
    const { program, data, heap, replied, died } = this.#options;
    const worker = new Worker(program, { workerData: data, resourceLimits: heap });
    const thread: Thread = { worker, holds: 0, ending: undefined };
    worker.unref();
    worker.on('message', replied);
    // Whatever it died of, its end is told after.
    worker.on('error', () => {});
    worker.on('exit', () => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      died();
    });
    return thread;
  }

  #end(thread: Thread): void {
    if (this.#thread === thread) this.#thread = undefined;
    void thread.worker.terminate();
  }
}
