import { constants, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import type { Writable } from 'node:stream';
import { cancelStream } from '../http/cancel-stream.ts';
import { endWithTrailers, splitH2Headers } from '../http/h2-headers.ts';
import type { HeaderLines } from '../http/headers.ts';
import { takeWhole } from '../http/read-whole.ts';
import {
  CallCanceled,
  type Caller,
  type CallListeners,
  type OpenCall,
  type UpstreamRequest,
  UpstreamTimeoutError,
} from './upstream-call.ts';
import type { UpstreamSession } from './upstream-session.ts';

/** The upstream states that it did not process the request, and never will. */
class UnprocessedError extends Error {}

/**
 * Methods that change nothing (RFC 9110, 9.2.1), so a repeat is harmless even if the upstream did process it.
 */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

type OtherSession = () => Promise<UpstreamSession | undefined>;

/**
 * Makes calls over HTTP/2. A call that the upstream refused unprocessed is repeated once, on another session
 * to the same origin, and only if its method is safe and it has no body, part of which might have been sent.
 */
export function h2Caller(session: UpstreamSession, otherSession: OtherSession): Caller {
  return {
    open: (request, listeners) => new RepeatableCall(session, otherSession, request, listeners),
    send: (request, body, listeners) => {
      const call = new RepeatableCall(session, otherSession, request, listeners);
      if (request.hasBody) call.body.end(body);
      else call.body.end();
      return call;
    },
  };
}

/** A class because of its getter, see `H1Response`. */
class RepeatableCall implements OpenCall {
  readonly #otherSession: OtherSession;
  readonly #request: UpstreamRequest;
  readonly #listeners: CallListeners;
  #call: OpenCall;
  #isCanceled = false;

  constructor(
    session: UpstreamSession,
    otherSession: OtherSession,
    request: UpstreamRequest,
    listeners: CallListeners,
  ) {
    this.#otherSession = otherSession;
    this.#request = request;
    this.#listeners = listeners;
    this.#call = h2Call(session, request, { ...listeners, failed: (error) => this.#failed(error) });
  }

  get body(): Writable {
    return this.#call.body;
  }

  addTrailers(headers: HeaderLines): void {
    this.#call.addTrailers(headers);
  }

  cancel(): void {
    this.#isCanceled = true;
    this.#call.cancel();
  }

  #failed(error: unknown): void {
    const { method, hasBody } = this.#request;
    const mayRepeat = SAFE_METHODS.has(method) && !hasBody && !this.#isCanceled;
    const { failed } = this.#listeners;
    if (error instanceof UnprocessedError && mayRepeat) this.#repeat(error).catch(failed);
    else failed(error);
  }

  /** @throws UnprocessedError when there is no other session. */
  async #repeat(error: UnprocessedError): Promise<void> {
    const session = await this.#otherSession();
    if (this.#isCanceled) return;
    if (session === undefined) throw error;
    this.#call = h2Call(session, this.#request, this.#listeners);
    this.#call.body.end();
  }
}

/** Calls `failed` at most once. */
function h2Call(session: UpstreamSession, request: UpstreamRequest, listeners: CallListeners): OpenCall {
  const stream = session.request(inHttp2(request), {
    endStream: !request.hasBody,
    waitForTrailers: request.hasBody,
  });
  const rawTrailers: string[] = [];
  let trailers: HeaderLines = {};
  let hasFailed = false;
  const fail = (error: Error) => {
    if (hasFailed) return;
    hasFailed = true;
    const isUnprocessed = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id === undefined;
    listeners.failed(isUnprocessed ? new UnprocessedError(error.message) : error);
  };
  stream.setTimeout(session.idleMs, () =>
    stream.destroy(new UpstreamTimeoutError('the upstream fell silent')),
  );
  stream.on('error', fail);
  stream.on('close', () => fail(new Error('closed without an answer')));
  stream.on('headers', (headers, _flags, raw) => {
    if (headers[':status'] === 103) listeners.earlyHints(splitH2Headers(raw).rawHeaders);
  });
  stream.on('trailers', (_headers, _flags, raw) => rawTrailers.push(...splitH2Headers(raw).rawHeaders));
  stream.on('wantTrailers', () => endWithTrailers(stream, trailers));
  stream.on('response', (headers, _flags, raw) => {
    const { rawHeaders } = splitH2Headers(raw);
    const status = headers[':status'] ?? 502;
    const take = (length: number) => takeWhole(stream, length);
    listeners.responded({ status, rawHeaders, body: stream, rawTrailers, take });
  });
  return {
    body: stream,
    addTrailers: (headers) => {
      trailers = headers;
    },
    cancel: () => cancelStream(stream, new CallCanceled()),
  };
}

/** HTTP/2 names the host in `:authority`, and frames every body itself. */
function inHttp2({ method, path, headers, sensitive }: UpstreamRequest): OutgoingHttpHeaders {
  const { host, 'transfer-encoding': _framing, ...rest } = headers;
  return {
    ':method': method,
    ':scheme': 'https',
    ':authority': String(host),
    ':path': path,
    ...rest,
    // Keep credentials out of the connection's compression tables (RFC 7541, 7.1.3).
    [sensitiveHeaders]: ['authorization', 'cookie', ...(sensitive ? [sensitive] : [])],
  };
}
