import type { Duplex, Readable, Writable } from 'node:stream';
import type { HeaderLines } from './headers.ts';
import type { LocalResponse } from './local-response.ts';
import type { RequestFacts } from './request-facts.ts';

/** The parts of a request that would be sent upstream, as received. */
export interface RequestContent {
  readonly method: string;
  /** Every header: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  /** Whether its framing announces a body, even an empty one. */
  readonly hasBody: boolean;
  readonly body: Readable;
  /** Trailers: name, value, name, value, ... Complete once the body has ended. */
  readonly rawTrailers: readonly string[];
}

/** How to open the WebSocket that the agent has asked for. */
export interface WebSocketOffer {
  /** Of the response that opens it: 101, or 200 over HTTP/2. */
  readonly status: number;
  /** Sends that response. @returns the stream of frames. */
  open(headers: HeaderLines): Duplex;
}

/** One request of the agent and the way to respond to it, over any HTTP version. */
export interface Exchange extends RequestContent {
  readonly facts: RequestFacts;
  /** Protocol that the agent uses. */
  readonly protocol: 'http/1.1' | 'h2' | 'websocket';
  /** Present when the agent asks for a WebSocket. */
  readonly webSocket?: WebSocketOffer | undefined;
  /** The connection that the request came on; other exchanges may share it. */
  readonly connection: Duplex;
  /** Whether the head of a response has been sent. */
  readonly hasResponded: boolean;
  /** Whether the agent no longer waits for a response. */
  readonly isAborted: boolean;
  /** Once the exchange is over: whether the response was sent completely. */
  readonly isDelivered: boolean;
  /** Calls back once, when the exchange is over, with or without a response, or its body was cut short. */
  onceEnded(listener: () => void): void;
  /** Tells an agent that waits for it (`Expect: 100-continue`) to send the body. */
  sendContinue(): void;
  /** Sends `Link` values ahead of the response (103 Early Hints). */
  sendEarlyHints(links: readonly string[]): void;
  /** Sets the trailers of the response. Must be called before its body has ended. */
  addTrailers(headers: HeaderLines): void;
  /** Sends the head of a response at once. @returns the stream to pipe the body into. */
  start(status: number, headers: HeaderLines): Writable;
  /** Sends a whole response in one go. @returns the stream that tells when it has been written. */
  respond(status: number, headers: HeaderLines, body: Buffer): Writable;
  /** Sends a whole local response and discards the rest of the request's body. */
  respondLocally(response: LocalResponse): void;
  /** Cuts the exchange off, so that a partial response does not look complete. */
  abort(): void;
}
