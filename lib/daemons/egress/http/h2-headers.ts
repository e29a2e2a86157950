import { constants, type Http2Stream } from 'node:http2';
import type { HeaderLines } from './headers.ts';

/** The header block of an HTTP/2 request or answer. */
export interface H2Headers {
  /** Value of each pseudo-header, such as `:authority`. nghttp2 refuses a second one. */
  readonly pseudo: ReadonlyMap<string, string>;
  /** The other headers: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
}

/** Takes pseudo-headers and headers apart, and puts a cookie that came in crumbs together again (RFC 9113, 8.2.3). */
export function splitH2Headers(raw: readonly string[]): H2Headers {
  const pseudo = new Map<string, string>();
  const rawHeaders: string[] = [];
  const crumbs: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name === 'cookie') crumbs.push(value);
    else rawHeaders.push(name, value);
  }
  if (crumbs.length > 0) rawHeaders.push('cookie', crumbs.join('; '));
  return { pseudo, rawHeaders };
}

/** Ends a stream with trailers. What HTTP/2 has no words for breaks it off: thrown in an event, it would end egress. */
export function endWithTrailers(stream: Http2Stream, trailers: HeaderLines): void {
  try {
    stream.sendTrailers(trailers);
  } catch {
    // Not at once: trailers are asked for from within nghttp2, which is about to write for the stream.
    setImmediate(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  }
}
