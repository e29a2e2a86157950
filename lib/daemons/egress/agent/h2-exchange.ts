import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Duplex, Readable, Writable } from 'node:stream';
import { valuesOf } from '../../shared/raw-headers.ts';
import type { Exchange } from '../http/exchange.ts';
import { endWithTrailers, splitH2Headers } from '../http/h2-headers.ts';
import type { HeaderLines } from '../http/headers.ts';
import { type LocalResponse, localResponseHeaders } from '../http/local-response.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import type { OpenTunnel } from '../tls/interceptor.ts';

/** Milliseconds that a body which came too late for its answer may still take to end, before it is told to. */
const LINGER_MS = 1000;

/** Answers that end with their head. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Whether a stream that is closed was so by its own end. Where the guest's side had ended before, Node lets go of it as
 * soon as the last frame is written, and never says that it is finished.
 */
export function isComplete(stream: ServerHttp2Stream): boolean {
  return stream.writableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR;
}

/** An exchange over HTTP/2: one stream. Always inside a tunnel. */
export class H2Exchange implements Exchange {
  readonly protocol: Exchange['protocol'] = 'h2';
  readonly facts: RequestFacts;
  readonly rawHeaders: readonly string[];
  readonly hasBody: boolean;
  readonly connection: Duplex;
  readonly body: Readable;
  readonly #stream: ServerHttp2Stream;
  readonly rawTrailers: string[] = [];
  #awaitsContinue: boolean;
  #trailers: HeaderLines = {};

  /** `raw`: the header block as received, pseudo-headers and all. `connection`: the socket of the session. */
  constructor(stream: ServerHttp2Stream, raw: readonly string[], open: OpenTunnel, connection: Duplex) {
    const { pseudo, rawHeaders } = splitH2Headers(raw);
    const authority = pseudo.get(':authority');
    const hostHeaders = valuesOf(rawHeaders, 'host');
    this.#stream = stream;
    this.body = stream;
    this.connection = connection;
    this.hasBody = !stream.endAfterHeaders;
    this.#awaitsContinue = valuesOf(rawHeaders, 'expect').length > 0;
    // What looks at headers finds the host where HTTP/1.1 has it.
    this.rawHeaders =
      hostHeaders.length > 0 || authority === undefined ? rawHeaders : ['host', authority, ...rawHeaders];
    this.facts = {
      kind: 'tunnelled',
      method: pseudo.get(':method') ?? '',
      target: pseudo.get(':path') ?? '',
      hostHeaders,
      rawHeaders: this.rawHeaders,
      upgrade: (pseudo.get(':protocol') ?? '').toLowerCase(),
      version: '2',
      pseudo: { authority, scheme: pseudo.get(':scheme') },
      ...open,
    };
    stream.on('error', () => {});
    stream.once('trailers', (_headers, _flags, rawTrailers) => this.rawTrailers.push(...rawTrailers));
    stream.once('finish', () => this.#endBody());
  }

  get method(): string {
    return this.facts.method;
  }

  get hasResponded(): boolean {
    return this.#stream.headersSent;
  }

  get isAborted(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }

  get isDelivered(): boolean {
    return isComplete(this.#stream) && !this.connection.destroyed;
  }

  onceEnded(listener: () => void): void {
    let isOver = false;
    const over = () => {
      if (!isOver) listener();
      isOver = true;
    };
    // A body that a reset cut short ends for its reader like a whole one; this is told before.
    this.#stream.once('aborted', over);
    this.#stream.once('close', over);
  }

  sendContinue(): void {
    if (!this.#awaitsContinue || this.isAborted) return;
    this.#awaitsContinue = false;
    this.#stream.additionalHeaders({ ':status': 100 });
  }

  sendEarlyHints(links: readonly string[]): void {
    try {
      this.#stream.additionalHeaders({ ':status': 103, link: [...links] });
    } catch {
      // A hint may be left out.
    }
  }

  addTrailers(headers: HeaderLines): void {
    this.#trailers = headers;
  }

  start(status: number, headers: HeaderLines): Writable {
    const isBodiless = this.method === 'HEAD' || BODILESS.has(status);
    // Where the length is known, the end needs no frame of its own.
    const waitForTrailers = !isBodiless && headers['content-length'] === undefined;
    if (waitForTrailers)
      this.#stream.once('wantTrailers', () => endWithTrailers(this.#stream, this.#trailers));
    this.#stream.respond({ ...headers, ':status': status }, { waitForTrailers, endStream: isBodiless });
    return this.#stream;
  }

  respond(status: number, headers: HeaderLines, body: Buffer): Writable {
    return this.start(status, headers).end(body);
  }

  respondLocally(response: LocalResponse): void {
    if (this.isAborted) return;
    this.#stream.respond({ ...localResponseHeaders(response), ':status': response.status });
    // Node has ended the stream of a HEAD already.
    if (this.method !== 'HEAD') this.#stream.end(response.text);
  }

  abort(): void {
    // An error resets it (INTERNAL_ERROR); `close` might not, see `cancelStream`.
    this.#stream.destroy(new Error('cut off'));
  }

  /** A body that nobody reads any more would hold its window, and the guest would wait to send the rest of it. */
  #endBody(): void {
    if (this.#stream.readableEnded) return;
    const timer = setTimeout(() => this.#stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
    this.#stream.once('close', () => clearTimeout(timer));
  }
}
