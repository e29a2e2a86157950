import type { Duplex, Readable, Writable } from 'node:stream';
import type { Exchange } from '../http/exchange.ts';
import type { HeaderLines } from '../http/headers.ts';
import { parseAuthority } from '../http/host-names.ts';
import type { LocalResponse } from '../http/local-response.ts';
import type { Reason } from '../http/reasons.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import type { Account, Subject } from './account.ts';

/** An exchange that keeps its own account: its response, its bytes, and when it is over. */
export class AuditedExchange implements Exchange {
  readonly #exchange: Exchange;
  readonly #account: Account;
  /** Whether a response of the upstream has begun. */
  #hasUpstreamResponse = false;
  /** Whether it has become a WebSocket, which tells itself how it ended. */
  #isWebSocket = false;

  /** `brokeOff`: records why the exchange ended before its response was complete. */
  constructor(exchange: Exchange, account: Account, brokeOff: (reason: Reason) => void) {
    this.#exchange = exchange;
    this.#account = account;
    if (exchange.hasBody) tally(exchange.body, (bytes) => account.count('sent', bytes));
    exchange.onceEnded(() => {
      if (this.#isWebSocket) return;
      if (this.#hasUpstreamResponse && exchange.isDelivered) return account.close();
      // Code that cuts an exchange off reports why in this turn. Without a report, it was the agent.
      setImmediate(() => {
        brokeOff('client-gone');
        account.close();
      });
    });
  }

  get facts(): RequestFacts {
    return this.#exchange.facts;
  }

  get protocol(): Exchange['protocol'] {
    return this.#exchange.protocol;
  }

  get webSocket(): Exchange['webSocket'] {
    const offer = this.#exchange.webSocket;
    if (offer === undefined) return undefined;
    const open: typeof offer.open = (headers) => {
      this.#isWebSocket = true;
      return offer.open(headers);
    };
    return { ...offer, open };
  }

  get method(): string {
    return this.#exchange.method;
  }

  get rawHeaders(): readonly string[] {
    return this.#exchange.rawHeaders;
  }

  get body(): Readable {
    return this.#exchange.body;
  }

  get hasBody(): boolean {
    return this.#exchange.hasBody;
  }

  get rawTrailers(): readonly string[] {
    return this.#exchange.rawTrailers;
  }

  get connection(): Duplex {
    return this.#exchange.connection;
  }

  get hasResponded(): boolean {
    return this.#exchange.hasResponded;
  }

  get isAborted(): boolean {
    return this.#exchange.isAborted;
  }

  get isDelivered(): boolean {
    return this.#exchange.isDelivered;
  }

  onceEnded(listener: () => void): void {
    this.#exchange.onceEnded(listener);
  }

  sendContinue(): void {
    this.#exchange.sendContinue();
  }

  sendEarlyHints(links: readonly string[]): void {
    this.#exchange.sendEarlyHints(links);
  }

  addTrailers(headers: HeaderLines): void {
    this.#exchange.addTrailers(headers);
  }

  start(status: number, headers: HeaderLines): Writable {
    const sink = this.#exchange.start(status, headers);
    this.#hasUpstreamResponse = true;
    this.#account.respond(status, { headers });
    sink.once('pipe', (source: Readable) => tally(source, (bytes) => this.#account.count('received', bytes)));
    sink.once('finish', () => this.#account.close());
    return sink;
  }

  respond(status: number, headers: HeaderLines, body: Buffer): Writable {
    const sink = this.#exchange.respond(status, headers, body);
    this.#hasUpstreamResponse = true;
    this.#account.respond(status, { headers });
    this.#account.count('received', body.length);
    return sink;
  }

  respondLocally(response: LocalResponse): void {
    this.#account.respond(response.status, { code: response.code });
    if (this.method !== 'HEAD') this.#account.count('received', Buffer.byteLength(response.text));
    this.#exchange.respondLocally(response);
  }

  abort(): void {
    this.#exchange.abort();
  }
}

/** The subject of an exchange, as far as it can be parsed. */
export function subjectOf({ facts, protocol, rawHeaders }: Exchange): Subject {
  const { method, target } = facts;
  if (facts.kind === 'tunneled')
    return { protocol, scheme: 'https', method, target, rawHeaders, ...facts.tunnel };
  const authority = parseAuthority(/^(?:http|ws):\/\/([^/?#\\]*)/i.exec(target)?.[1] ?? '');
  const port = authority === undefined ? null : (authority.port ?? 80);
  return { protocol, scheme: 'http', method, target, rawHeaders, host: authority?.host ?? null, port };
}

/** Counts the bytes that are read from a stream. */
function tally(stream: Readable, count: (bytes: number) => void): void {
  // Unlike `on`, this does not start the flow: the consumer may come later, or not at all.
  stream.prependListener('data', (chunk: Buffer) => count(chunk.length));
}
