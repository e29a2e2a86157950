import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { MAX_SHORT } from '../http/read-whole.ts';
import { CallCanceled, type UpstreamResponse } from './upstream-call.ts';

const NOTHING: readonly string[] = [];

/** A response read by undici. Most are short and arrive in one piece, so a stream is only made on demand. */
export class PooledResponse implements UpstreamResponse {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly #controller: Dispatcher.DispatchController;
  /** Body chunks that arrived before the stream was created. */
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #rawTrailers = NOTHING;
  #stream: Readable | undefined;
  #isOver = false;
  #error: Error | undefined;

  constructor(controller: Dispatcher.DispatchController, status: number, rawHeaders: readonly string[]) {
    this.#controller = controller;
    this.status = status;
    this.rawHeaders = rawHeaders;
  }

  get rawTrailers(): readonly string[] {
    return this.#rawTrailers;
  }

  /** Whether it has arrived completely. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get body(): Readable {
    this.#stream ??= this.#open();
    return this.#stream;
  }

  take(length: number): Buffer | undefined {
    if (!this.#isOver || this.#stream !== undefined || this.#waitingBytes !== length) return undefined;
    const [only] = this.#waiting;
    return only !== undefined && this.#waiting.length === 1 ? only : Buffer.concat(this.#waiting);
  }

  /** Adds a chunk of the body. */
  push(chunk: Buffer): void {
    if (!this.#keep(chunk)) this.#controller.pause();
  }

  /** The response is complete. */
  end(rawTrailers: readonly string[]): void {
    this.#rawTrailers = rawTrailers;
    this.#isOver = true;
    this.#stream?.push(null);
  }

  /** The rest of the response will not arrive. */
  breakOff(error: Error): void {
    this.#error = error;
    this.#stream?.destroy(error);
  }

  /** @returns whether there is room for more. */
  #keep(chunk: Buffer): boolean {
    if (this.#stream !== undefined) return this.#stream.push(chunk);
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    return this.#waitingBytes < MAX_SHORT;
  }

  #open(): Readable {
    const stream = new Readable({
      read: () => this.#controller.resume(),
      destroy: (error, done) => {
        if (!this.#isOver) this.#controller.abort(new CallCanceled());
        done(error);
      },
    });
    // A consumer that drops the response does not care how it would have ended.
    stream.on('error', () => {});
    for (const chunk of this.#waiting.splice(0)) stream.push(chunk);
    if (this.#isOver) stream.push(null);
    if (this.#error !== undefined) stream.destroy(this.#error);
    return stream;
  }
}
