import { constants, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { endWithTrailers, splitH2Headers } from './h2-headers.ts';
import type { HeaderLines } from './headers.ts';
import type { Caller, CallListeners, UpstreamCall, UpstreamRequest } from './upstream-call.ts';
import type { UpstreamSession } from './upstream-session.ts';
import { UpstreamTimeoutError } from './upstream-timeout.ts';

/** The upstream says that it did nothing about the request, and never will. */
class UnprocessedError extends Error {}

/** Methods that change nothing (RFC 9110, 9.2.1): an upstream that errs in what it did may be asked again. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Makes calls over HTTP/2. One that the upstream refused unprocessed is made once more, on another session to the same
 * origin, and only if it changes nothing and has no body of which a part might have left.
 */
export function h2Caller(
  session: UpstreamSession,
  another: () => Promise<UpstreamSession | undefined>,
): Caller {
  return (request, listeners) => {
    let isCancelled = false;
    let call: UpstreamCall = h2Call(session, request, {
      ...listeners,
      failed: (error) => {
        const mayRepeat = SAFE_METHODS.has(request.method) && !request.hasBody && !isCancelled;
        if (!(error instanceof UnprocessedError) || !mayRepeat) return listeners.failed(error);
        const again = async () => {
          const next = await another();
          if (isCancelled) return;
          if (next === undefined) throw error;
          call = h2Call(next, request, listeners);
          call.body.end();
        };
        again().catch(listeners.failed);
      },
    });
    return {
      get body() {
        return call.body;
      },
      addTrailers: (headers) => call.addTrailers(headers),
      cancel: () => {
        isCancelled = true;
        call.cancel();
      },
    };
  };
}

/** Calls `failed` at most once. */
function h2Call(session: UpstreamSession, request: UpstreamRequest, listeners: CallListeners): UpstreamCall {
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
    if (headers[':status'] === 103) listeners.hinted(splitH2Headers(raw).rawHeaders);
  });
  stream.on('trailers', (_headers, _flags, raw) => rawTrailers.push(...splitH2Headers(raw).rawHeaders));
  stream.on('wantTrailers', () => endWithTrailers(stream, trailers));
  stream.on('response', (headers, _flags, raw) => {
    const { rawHeaders } = splitH2Headers(raw);
    listeners.answered({ status: headers[':status'] ?? 502, rawHeaders, body: stream, rawTrailers });
  });
  return {
    body: stream,
    addTrailers: (headers) => {
      trailers = headers;
    },
    cancel: () => stream.close(constants.NGHTTP2_CANCEL),
  };
}

/** HTTP/2 names the host in `:authority`, and frames every body by itself. */
function inHttp2({ method, path, headers }: UpstreamRequest): OutgoingHttpHeaders {
  const { host, 'transfer-encoding': _framing, ...rest } = headers;
  return {
    ':method': method,
    ':scheme': 'https',
    ':authority': String(host),
    ':path': path,
    ...rest,
    // Credentials stay out of the compression tables of the connection (RFC 7541, 7.1.3).
    [sensitiveHeaders]: ['authorization', 'cookie'],
  };
}
