import type { Readable } from 'node:stream';
import type { RequestContent } from '../http/exchange.ts';
import type { Denial } from '../policy/verdict.ts';

/** A request that may leave, as it will leave. */
export interface ApprovedRequest {
  readonly approved: true;
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** A `Buffer` where it is short enough to be sent in one piece. */
  readonly body: Readable | Buffer;
  /** Kinds of secrets that were redacted, or that a person let out. */
  readonly types: readonly string[];
}

/** A request that must not leave. */
export interface BlockedRequest {
  readonly approved: false;
  readonly denial: Denial;
  readonly types: readonly string[];
}

/** Releases the body of a request that will not leave: what is held of it counts against the memory budget. */
export function discardBody({ body }: ApprovedRequest, request: RequestContent): void {
  if (!Buffer.isBuffer(body) && body !== request.body) body.destroy();
}
