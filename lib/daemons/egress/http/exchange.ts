import type { Duplex, Readable, Writable } from 'node:stream';
import type { HeaderLines } from './headers.ts';
import type { LocalResponse } from './local-response.ts';
import type { RequestFacts } from './request-facts.ts';

/** What of a request would leave, as sent. */
export interface RequestContent {
  readonly method: string;
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  /** Whether its framing announces a body, even if an empty one. */
  readonly hasBody: boolean;
  readonly body: Readable;
  /** Headers that followed the body; complete once that has ended. */
  readonly rawTrailers: readonly string[];
}

/** How a WebSocket is opened that the guest has asked for. */
export interface WebSocketOffer {
  /** Of the answer that opens it: 101, or 200 over HTTP/2. */
  readonly status: number;
  /** Gives that answer; what it returns is the stream of frames. */
  open(headers: HeaderLines): Duplex;
}

/** One request of the guest and the way to answer it, whichever HTTP it came by. */
export interface Exchange extends RequestContent {
  readonly facts: RequestFacts;
  /** What the guest speaks. */
  readonly protocol: 'http/1.1' | 'h2' | 'websocket';
  /** Present when the guest asks for a WebSocket. */
  readonly webSocket?: WebSocketOffer | undefined;
  /** The connection it came on; other exchanges may share it. */
  readonly connection: Duplex;
  /** Whether the headers of an answer are on their way. */
  readonly hasResponded: boolean;
  /** Whether nobody waits for an answer any more. */
  readonly isAborted: boolean;
  /** Once it is over: whether the answer was sent to its end. */
  readonly isDelivered: boolean;
  /** Calls back once, when the exchange is over, with or without a response, or its body is known to be cut short. */
  onceEnded(listener: () => void): void;
  /** Tells a guest that waits for it (`Expect: 100-continue`) to send the body. */
  sendContinue(): void;
  /** Passes values of `Link` on ahead of the answer (103 Early Hints). */
  sendEarlyHints(links: readonly string[]): void;
  /** Headers to send after the body of the answer; to be called before that is ended. */
  addTrailers(headers: HeaderLines): void;
  /** Sends the head of an answer at once; its body is to be piped into what this gives. */
  start(status: number, headers: HeaderLines): Writable;
  /** Sends a whole answer in one go. @returns what says when it is written. */
  respond(status: number, headers: HeaderLines, body: Buffer): Writable;
  /** Sends a whole answer of egress itself, and lets go of what is left of the request's body. */
  respondLocally(response: LocalResponse): void;
  /** Breaks off, so that no half answer looks whole. */
  abort(): void;
}
