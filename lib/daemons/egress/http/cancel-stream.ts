import type { Http2Stream } from 'node:http2';
import { addAbortSignal, type Duplex } from 'node:stream';

/**
 * Resets a stream at once (CANCEL); what is read from it, or written to it, fails with an error whose cause is `reason`.
 *
 * `close()` would not do: it tells who listens for `aborted` before it sends the reset, and a pipeline destroys the stream
 * then, which no reset leaves for any more. As soon as the other side lets more of the body come, Node 24 writes empty
 * frames for the stream, which it has forgotten, without end, and takes all the memory there is.
 */
export function cancelStream(stream: Http2Stream & Duplex, reason: Error): void {
  addAbortSignal(AbortSignal.abort(reason), stream);
}
