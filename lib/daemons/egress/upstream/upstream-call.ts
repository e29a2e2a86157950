import type { Duplex, Readable, Writable } from 'node:stream';
import type { HeaderLines } from '../http/headers.ts';

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderLines;
  readonly hasBody: boolean;
}

/** The answer of an upstream, whichever HTTP it came by. */
export interface UpstreamResponse {
  readonly status: number;
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
  /** Headers that followed the body; complete once that has ended. */
  readonly rawTrailers: readonly string[];
  /** Its body of `length` bytes, if all of it is here and none was taken before. */
  take(length: number): Buffer | undefined;
}

/** An upstream that agreed to speak another protocol from here on. */
export interface UpstreamUpgrade {
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly stream: Duplex;
}

/** How a request for another protocol goes on. */
export interface Upgrade {
  /** The headers of the request, with what an upstream needs to agree. */
  requestHeaders(headers: HeaderLines): HeaderLines;
  /** Takes over from an upstream that did. @throws Error, and answers nobody, when it did not really. */
  agreed(upgrade: UpstreamUpgrade): void;
}

export interface CallListeners {
  /** Called at most once. */
  readonly responded: (answer: UpstreamResponse) => void;
  /** Called at most once, instead of `answered`; absent: an upstream that changes the protocol has failed. */
  readonly upgraded?: (upgrade: UpstreamUpgrade) => void;
  /** Called for each 103 (Early Hints) before the answer. */
  readonly earlyHints: (rawHeaders: readonly string[]) => void;
  /** Called when no answer is to be had (any more); may be called after `answered`, and more than once. */
  readonly failed: (error: unknown) => void;
}

/** What ends the answer to a call that was cancelled: nobody waits for it any more. */
export class CallCancelled extends Error {}

/** A request on its way to an upstream. */
export interface UpstreamCall {
  cancel(): void;
}

/** One whose body is still to come. */
export interface OpenCall extends UpstreamCall {
  /** Where the body of the request goes; its end is waited for, even if there is none. */
  readonly body: Writable;
  /** Headers to send after the body; to be called before that is ended. */
  addTrailers(headers: HeaderLines): void;
}

/** Starts requests to one upstream. Neither way calls a listener before it returns. */
export interface Caller {
  /** All of a request in one go; nothing follows its body. @throws Error when it cannot be put into words. */
  send(request: UpstreamRequest, body: Buffer, listeners: CallListeners): UpstreamCall;
  /** The head of a request. @throws Error when it cannot be put into words. */
  open(request: UpstreamRequest, listeners: CallListeners): OpenCall;
}

/** An upstream that takes longer than the deadlines allow. */
export class UpstreamTimeoutError extends Error {
  readonly code = 'UPSTREAM_TIMEOUT';
}
