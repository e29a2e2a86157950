import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { valuesOf } from '../../shared/raw-headers.ts';
import { endMessage } from '../http/end-message.ts';
import type { Exchange } from '../http/exchange.ts';
import type { HeaderLines } from '../http/headers.ts';
import { type LocalResponse, localResponseHeaders, statusText } from '../http/local-response.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import type { OpenTunnel, PlainTunnel } from '../tls/interceptor.ts';
import { LINGER_MS } from '../websocket/limits.ts';

/** An exchange over HTTP/1.1. */
export class H1Exchange implements Exchange {
  readonly facts: RequestFacts;
  readonly protocol: Exchange['protocol'] = 'http/1.1';
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #awaitsContinue: boolean;

  /** `tunnel`: absent for a request on the proxy port itself. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { tunnel, awaitsContinue }: { tunnel: OpenTunnel | PlainTunnel | undefined; awaitsContinue: boolean },
  ) {
    this.#request = request;
    this.#response = response;
    this.#awaitsContinue = awaitsContinue;
    this.facts = factsOf(request, tunnel);
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get hasBody(): boolean {
    const { headers } = this.#request;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  get body(): Readable {
    return this.#request;
  }

  get rawTrailers(): readonly string[] {
    return this.#request.rawTrailers;
  }

  get connection(): Duplex {
    return this.#request.socket;
  }

  get hasResponded(): boolean {
    return this.#response.headersSent;
  }

  get isAborted(): boolean {
    return this.#response.destroyed;
  }

  get isDelivered(): boolean {
    return this.#response.writableFinished;
  }

  onceEnded(listener: () => void): void {
    this.#response.once('close', listener);
  }

  sendContinue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#response.writeContinue();
  }

  sendEarlyHints(links: readonly string[]): void {
    if (this.#request.httpVersion === '1.0') return;
    try {
      this.#response.writeEarlyHints({ link: [...links] });
    } catch {
      // Node rejects links that it considers malformed. Hints are optional.
    }
  }

  addTrailers(headers: HeaderLines): void {
    try {
      this.#response.addTrailers(headers);
    } catch {
      this.#response.destroy();
    }
  }

  start(status: number, headers: HeaderLines): Writable {
    this.#response.sendDate = false;
    this.#response.writeHead(status, headers);
    // The first byte of the body may be minutes away (server-sent events).
    this.#response.flushHeaders();
    return this.#response;
  }

  respond(status: number, headers: HeaderLines, body: Buffer): Writable {
    this.#response.sendDate = false;
    this.#response.writeHead(status, headers);
    return endMessage(this.#response, body);
  }

  respondLocally(response: LocalResponse): void {
    // The client may or may not send the announced body, so what follows cannot be read as a request.
    if (this.#awaitsContinue || response.isLast === true) this.#response.setHeader('connection', 'close');
    this.#response.writeHead(response.status, statusText(response), localResponseHeaders(response));
    // Closing amid the body of the request would send a reset, which can overtake the response.
    const lingers = response.isLast === true && !this.#awaitsContinue && !this.#request.complete;
    if (lingers) this.#endAfterRequest(response.text);
    else this.#response.end(response.text);
    // The rest of the body is discarded; unread, it would block the connection.
    this.#request.resume();
  }

  abort(): void {
    this.#response.destroy();
  }

  #endAfterRequest(text: string): void {
    this.#response.write(text);
    const end = () => this.#response.end();
    const timer = setTimeout(end, LINGER_MS);
    this.#request.once('end', end);
    this.#response.once('close', () => clearTimeout(timer));
  }
}

function factsOf(request: IncomingMessage, open: OpenTunnel | PlainTunnel | undefined): RequestFacts {
  const common = {
    method: request.method ?? '',
    target: request.url ?? '',
    hostHeaders: valuesOf(request.rawHeaders, 'host'),
    rawHeaders: request.rawHeaders,
    version: request.httpVersion,
    upgrade: valuesOf(request.rawHeaders, 'upgrade').join(',').toLowerCase(),
  };
  if (open === undefined) return { kind: 'plain', ...common };
  if (open.isPlain !== true) return { kind: 'tunneled', ...common, ...open };
  const { tunnel } = open;
  const target = common.target.startsWith('/')
    ? `http://${tunnel.host}:${tunnel.port}${common.target}`
    : common.target;
  return { kind: 'plain', ...common, target, tunnel };
}
