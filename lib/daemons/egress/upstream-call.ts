import type { Duplex, Readable, Writable } from 'node:stream';
import type { HeaderLines } from './headers.ts';

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderLines;
  /** Whether a body follows; its end is waited for either way. */
  readonly hasBody: boolean;
}

/** The answer of an upstream, whichever HTTP it came by. */
export interface UpstreamAnswer {
  readonly status: number;
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
  /** Headers that followed the body; complete once that has ended. */
  readonly rawTrailers: readonly string[];
}

/** An upstream that agreed to speak another protocol from here on. */
export interface UpstreamUpgrade {
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly stream: Duplex;
}

export interface CallListeners {
  /** Called at most once. */
  readonly answered: (answer: UpstreamAnswer) => void;
  /** Called at most once, instead of `answered`; absent: an upstream that changes the protocol has failed. */
  readonly upgraded?: (upgrade: UpstreamUpgrade) => void;
  /** Called for each 103 (Early Hints) before the answer. */
  readonly hinted: (rawHeaders: readonly string[]) => void;
  /** Called when no answer is to be had (any more); may be called after `answered`, and more than once. */
  readonly failed: (error: unknown) => void;
}

/** A request on its way to an upstream. */
export interface UpstreamCall {
  /** Where the body of the request goes. */
  readonly body: Writable;
  /** Sends all of it in one go, and ends it. */
  end(body: Buffer): void;
  /** Headers to send after the body; to be called before that is ended. */
  addTrailers(headers: HeaderLines): void;
  cancel(): void;
}

/** Starts a request. Calls no listener before it returns. @throws Error when it cannot be put into words. */
export type Caller = (request: UpstreamRequest, listeners: CallListeners) => UpstreamCall;
