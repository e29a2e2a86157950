import type { Readable } from 'node:stream';
import type { RequestContent } from '../http/exchange.ts';
import type { Denial } from '../policy/verdict.ts';

/** An admitted request that passed the scan, as it will be sent. */
export interface ApprovedRequest {
  readonly approved: true;
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** A `Buffer` if it is short enough to be sent in one piece. */
  readonly body: Readable | Buffer;
  /** Types of secrets that were redacted, or that a person approved. */
  readonly types: readonly string[];
}

/** An admitted request that must not be sent. */
export interface BlockedRequest {
  readonly approved: false;
  readonly denial: Denial;
  readonly types: readonly string[];
}

/** Releases the body of a request that will not be sent: its held part counts against the memory budget. */
export function discardBody({ body }: ApprovedRequest, request: RequestContent): void {
  if (!Buffer.isBuffer(body) && body !== request.body) body.destroy();
}
