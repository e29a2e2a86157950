import type { Readable } from 'node:stream';

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
