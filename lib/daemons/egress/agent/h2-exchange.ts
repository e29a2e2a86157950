import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Duplex, Readable, Writable } from 'node:stream';
import { valuesOf } from '../../shared/raw-headers.ts';
import type { Exchange } from '../http/exchange.ts';
import { endWithTrailers, splitH2Headers } from '../http/h2-headers.ts';
import type { HeaderLines } from '../http/headers.ts';
import { type LocalResponse, localResponseHeaders } from '../http/local-response.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import type { OpenTunnel } from '../tls/interceptor.ts';

/** Milliseconds for a request body to end after its response was sent; then the stream is reset. */
const LINGER_MS = 1000;

/** Statuses of responses that have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Whether a closed stream ended normally. If the agent's side ended first, Node drops the stream as soon as
 * the last frame is written, and never reports it as finished.
 */
export function isComplete(stream: ServerHttp2Stream): boolean {
  return stream.writableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR;
}

/** An exchange over HTTP/2: one stream, always inside a tunnel. */
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

  /** `raw`: the header block as received, with pseudo-headers. `connection`: the socket of the session. */
  constructor(stream: ServerHttp2Stream, raw: readonly string[], open: OpenTunnel, connection: Duplex) {
    const { pseudo, rawHeaders } = splitH2Headers(raw);
    const authority = pseudo.get(':authority');
    const hostHeaders = valuesOf(rawHeaders, 'host');
    this.#stream = stream;
    this.body = stream;
    this.connection = connection;
    this.hasBody = !stream.endAfterHeaders;
    this.#awaitsContinue = valuesOf(rawHeaders, 'expect').length > 0;
    // Code that reads headers finds the host where HTTP/1.1 has it.
    this.rawHeaders =
      hostHeaders.length > 0 || authority === undefined ? rawHeaders : ['host', authority, ...rawHeaders];
    this.facts = {
      kind: 'tunneled',
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
    // To its reader, a body cut short by a reset looks complete. `aborted` comes before that.
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
      // Hints are optional.
    }
  }

  addTrailers(headers: HeaderLines): void {
    this.#trailers = headers;
  }

  start(status: number, headers: HeaderLines): Writable {
    const isBodiless = this.method === 'HEAD' || BODILESS.has(status);
    // Where the length is known, the last DATA frame can end the stream.
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
    // Node has already ended the stream of a HEAD.
    if (this.method !== 'HEAD') this.#stream.end(response.text);
    // Once the open streams have ended.
    if (response.isLast === true) this.#stream.session?.close();
  }

  abort(): void {
    // An error resets the stream (INTERNAL_ERROR). `close` might not, see `cancelStream`.
    this.#stream.destroy(new Error('cut off'));
  }

  /** An unread body would keep its window full, and the agent would wait to send the rest of it. */
  #endBody(): void {
    if (this.#stream.readableEnded) return;
    const timer = setTimeout(() => this.#stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
    this.#stream.once('close', () => clearTimeout(timer));
  }
}
