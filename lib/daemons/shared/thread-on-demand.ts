import { type ResourceLimits, Worker } from 'node:worker_threads';

/**
 * Milliseconds without work after which a thread ends: one that has created every leaf would hold ten
 * megabytes for nothing. A restart takes a few dozen milliseconds, off the event loop.
 */
const IDLE_MS = 5_000;

export interface ThreadOptions<Reply> {
  /** The module that the thread runs. */
  readonly program: URL;
  /** What the thread starts with; nothing when absent. */
  readonly data?: unknown;
  readonly heap: ResourceLimits;
  readonly replied: (reply: Reply) => void;
  /** Called when the thread ended while in use: replies to pending messages will not come. */
  readonly died: () => void;
  readonly idleMs?: number | undefined;
}

interface Thread {
  readonly worker: Worker;
  holds: number;
  ending: NodeJS.Timeout | undefined;
}

/** A claim on a thread, which keeps it from being ended as idle. */
export interface Hold {
  readonly worker: Worker;
  /** Whether the thread that was claimed is still running, with all its state. */
  isAlive(): boolean;
  /** Idempotent. */
  release(): void;
}

/** A thread that starts on first use, restarts after it died, and ends after some time without use. */
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
    // The `exit` event follows, whatever the error was.
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
