import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Finding, RemoteScan, RemoteScans, ScanScope } from './dlp/scan-text.ts';
import type { ScanQuestion, ScanReply } from './scan-worker.ts';

/** Megabytes of heap: a window of text and what it decodes to is small, garbage comes fast. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

/**
 * Scans long bodies beside the event loop, so that no other request waits for them: a window takes some milliseconds,
 * and a hostile one some dozens. The thread starts with the first long body, and anew should it die.
 */
export class ScanThread implements RemoteScans {
  readonly #secrets: readonly string[];
  #worker: Worker | undefined;
  #last = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<Finding[]>>();

  /** `secrets`: the values that are known. */
  constructor(secrets: Iterable<string>) {
    this.#secrets = [...secrets];
  }

  open(scope: ScanScope): RemoteScan {
    this.#last += 1;
    const id = this.#last;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const post = (question: ScanQuestion, transfer: ArrayBuffer[] = []) =>
      worker.postMessage(question, transfer);
    post({ kind: 'open', id, scope });
    const ask = (question: ScanQuestion, transfer?: ArrayBuffer[]) => {
      // A thread that died has forgotten what it had seen of this body.
      if (this.#worker !== worker) return Promise.reject(new Error('the scan broke off'));
      const asked = Promise.withResolvers<Finding[]>();
      this.#waiting.set(id, asked);
      post(question, transfer);
      return asked.promise;
    };
    return {
      push: (chunks) => {
        const bytes = copyOf(chunks);
        return ask({ kind: 'push', id, bytes }, [bytes]);
      },
      end: () => ask({ kind: 'end', id }),
      close: () => post({ kind: 'close', id }),
    };
  }

  #start(): Worker {
    // Both are TypeScript here, and JavaScript in the bundle's image.
    const worker = new Worker(new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: this.#secrets,
      resourceLimits: HEAP,
    });
    worker.unref();
    worker.on('message', ({ id, findings }: ScanReply) => {
      this.#waiting.get(id)?.resolve(findings);
      this.#waiting.delete(id);
    });
    // Whatever it died of, its end is told after.
    worker.on('error', () => {});
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(new Error('the scan broke off'));
      this.#waiting.clear();
    });
    return worker;
  }
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
