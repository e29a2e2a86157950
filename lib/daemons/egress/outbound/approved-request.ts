import type { Readable } from 'node:stream';
import type { RequestContent } from '../http/exchange.ts';

/** A request that may leave, as it may leave. */
export interface Cleared {
  readonly clear: true;
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** In one piece where it is short. */
  readonly body: Readable | Buffer;
  /** Kinds of secrets that were cut out, or that a person let out. */
  readonly types: readonly string[];
}

/** Lets go of the body of a request that will not leave: what is held of it has its share of the memory for all. */
export function drop({ body }: Cleared, request: RequestContent): void {
  if (!Buffer.isBuffer(body) && body !== request.body) body.destroy();
}
