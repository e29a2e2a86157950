import { constants, type Http2Stream } from 'node:http2';
import type { HeaderLines } from './headers.ts';

/** The header block of an HTTP/2 request or response. */
export interface H2Headers {
  /** Value of each pseudo-header, such as `:authority`. nghttp2 rejects duplicates. */
  readonly pseudo: ReadonlyMap<string, string>;
  /** The other headers: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
}

/** Separates pseudo-headers from headers, and joins a cookie that was split (RFC 9113, 8.2.3). */
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

/** Ends a stream with trailers, or resets it if HTTP/2 cannot express them: a throw here would end egress. */
export function endWithTrailers(stream: Http2Stream, trailers: HeaderLines): void {
  try {
    stream.sendTrailers(trailers);
  } catch {
    // Deferred: nghttp2 asks for trailers while it is about to write for the stream.
    setImmediate(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  }
}
