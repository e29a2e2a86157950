import { constants, gunzipSync } from 'node:zlib';

/** Bytes of a body that are looked at; the wants of a fetch come first in it. */
const HEAD_BYTES = 64 * 1024;
/** What a compressed head may unpack to. */
const UNPACKED_BYTES = 1024 * 1024;

/** Keeps the beginning of a body that passes by. */
export class BodyHead {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  add(chunk: Buffer): void {
    const wanted = chunk.subarray(0, HEAD_BYTES - this.#length);
    if (wanted.length === 0) return;
    this.#chunks.push(Buffer.from(wanted));
    this.#length += wanted.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Ids of the objects that a request to upload-pack asks for; none in one that only asks what refs there are. */
export function wantsIn(head: Buffer, isCompressed: boolean): string[] {
  const text = (isCompressed ? unpacked(head) : head).toString('latin1');
  const found = text.matchAll(/(?:^|[0-9a-f]{4})want ([0-9a-f]{64}|[0-9a-f]{40})(?=[\n ])/g);
  return [...found].slice(0, 2000).map(([, id = '']) => id);
}

/** Whether an answer of upload-pack has objects: rounds before that only find out what both sides have. */
export function hasPack(head: Buffer): boolean {
  return head.includes('packfile\n') || head.includes('PACK');
}

function unpacked(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: UNPACKED_BYTES });
  } catch {
    return Buffer.alloc(0);
  }
}
