import type { Duplex } from 'node:stream';
import { Sender } from 'ws';
import type { FrameEvent } from './frame-events.ts';

/** Writes frames to one side, at its pace, and nothing after a close frame. */
export class FrameWriter {
  readonly #stream: Duplex;
  readonly #sender: Sender;
  readonly #masks: boolean;
  #closed = false;

  /** `masks`: whether to mask frames, as the client side must. Egress is the client towards the upstream. */
  constructor(stream: Duplex, masks: boolean) {
    this.#stream = stream;
    this.#sender = new Sender(stream);
    this.#masks = masks;
  }

  /** Resolves when the other side can take more, or is gone. */
  async write(events: readonly FrameEvent[]): Promise<void> {
    this.#stream.cork();
    for (const event of events) this.#write(event);
    this.#stream.uncork();
    if (this.#stream.writable && this.#stream.writableNeedDrain) await drained(this.#stream);
  }

  #write(event: FrameEvent): void {
    if (this.#closed || !this.#stream.writable) return;
    if (event.kind === 'close') {
      this.close(event.code, event.data);
    } else if (event.kind === 'message') {
      const { data, isBinary } = event;
      this.#sender.send(data, { binary: isBinary, compress: false, fin: true, mask: this.#masks });
    } else {
      this.#sender[event.kind](event.data, this.#masks);
    }
  }

  /** `code` undefined: an empty close frame. */
  close(code: number | undefined, reason: Buffer = Buffer.alloc(0)): void {
    if (this.#closed || !this.#stream.writable) return;
    this.#closed = true;
    this.#sender.close(code, reason, this.#masks);
  }
}

/** Resolves when the stream can take more, or is gone. */
function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}
