/** A frame as `lib/guest/frames.ts` writes it. */
export interface Frame {
  readonly type: string;
  readonly payload: Buffer;
}

const HEAD = 5;

/** Bytes of a frame. What the holder and the terminals of a session send each other is smaller. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Puts frames together from what a socket delivers. */
export class FrameReader {
  #held = Buffer.alloc(0);

  /** @returns the frames that are complete now. @throws Error for a length that nobody sends. */
  read(chunk: Buffer): Frame[] {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: Frame[] = [];
    while (bytes.length >= HEAD) {
      const length = bytes.readUInt32BE(1);
      if (length > MOST_BYTES) throw new Error('a frame is too long');
      if (bytes.length < HEAD + length) break;
      frames.push({ type: bytes.toString('latin1', 0, 1), payload: bytes.subarray(HEAD, HEAD + length) });
      bytes = bytes.subarray(HEAD + length);
    }
    this.#held = Buffer.from(bytes);
    return frames;
  }
}
