import type { Duplex, Readable, Writable } from 'node:stream';
import type { HeaderLines } from '../http/headers.ts';

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderLines;
  readonly hasBody: boolean;
  /** Name of the header, or `:path`, that holds the injected credential; in lower case. */
  readonly sensitive?: string | undefined;
}

/** The response of an upstream, over any HTTP version. */
export interface UpstreamResponse {
  readonly status: number;
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
  /** Trailers: name, value, name, value, ... Complete once the body has ended. */
  readonly rawTrailers: readonly string[];
  /** Its body of `length` bytes, if all of it has arrived and none has been read. */
  take(length: number): Buffer | undefined;
}

/** An upstream that agreed to switch to another protocol. */
export interface UpstreamUpgrade {
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  readonly stream: Duplex;
}

/** How a request for another protocol proceeds. */
export interface Upgrade {
  /** The headers of the request, with those that an upstream needs to agree. */
  requestHeaders(headers: HeaderLines): HeaderLines;
  /** Takes over the upstream's stream. @throws Error, without a response to the agent, if it is not valid. */
  agreed(upgrade: UpstreamUpgrade): void;
}

export interface CallListeners {
  /** Called at most once. */
  readonly responded: (response: UpstreamResponse) => void;
  /**
   * Called at most once, instead of `responded`. Absent: an upstream that switches the protocol has failed.
   */
  readonly upgraded?: (upgrade: UpstreamUpgrade) => void;
  /** Called for each 103 (Early Hints) before the response. */
  readonly earlyHints: (rawHeaders: readonly string[]) => void;
  /** Called when no (complete) response will come. May be called after `responded`, and more than once. */
  readonly failed: (error: unknown) => void;
}

/** Ends the response to a call that was canceled: nobody waits for it any longer. */
export class CallCanceled extends Error {}

/** A running request to an upstream. */
export interface UpstreamCall {
  cancel(): void;
}

/** A call whose body is still to be sent. */
export interface OpenCall extends UpstreamCall {
  /** Takes the body of the request. Must be ended even if there is none. */
  readonly body: Writable;
  /** Sets the trailers. Must be called before the body has ended. */
  addTrailers(headers: HeaderLines): void;
}

/** Starts requests to one upstream. Listeners are never called before `send` or `open` returns. */
export interface Caller {
  /** Sends a whole request without trailers. @throws Error when the HTTP version cannot express it. */
  send(request: UpstreamRequest, body: Buffer, listeners: CallListeners): UpstreamCall;
  /** Sends the head of a request. @throws Error when the HTTP version cannot express it. */
  open(request: UpstreamRequest, listeners: CallListeners): OpenCall;
}

/** An upstream took longer than the deadlines allow. */
export class UpstreamTimeoutError extends Error {
  readonly code = 'UPSTREAM_TIMEOUT';
}
