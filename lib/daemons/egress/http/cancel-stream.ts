import type { Http2Stream } from 'node:http2';
import { addAbortSignal, type Duplex } from 'node:stream';

/**
 * Resets a stream at once (CANCEL). Reading from it and writing to it fails with an error whose cause is
 * `reason`.
 *
 * `close()` is not enough: it emits `aborted` before it sends the reset. A pipeline then destroys the stream,
 * and no reset is sent. As soon as the peer opens the window again, Node 24 writes empty frames for the
 * forgotten stream in an endless loop, until memory runs out.
 */
export function cancelStream(stream: Http2Stream & Duplex, reason: Error): void {
  addAbortSignal(AbortSignal.abort(reason), stream);
}
