import { headerOf } from '../../shared/raw-headers.ts';
import { acceptableEncodings } from './content-decoding.ts';

/** Headers of one connection (RFC 9110, 7.6.1), plus what only ever concerns a proxy. Never forwarded. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Not sent upstream: egress writes these itself, so that the agent's own credentials and framing never pass. */
const NOT_UPSTREAM: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'authorization', 'expect', 'host']);

/**
 * Nor these where a token is injected: of one that comes back, two parts of the answer would hold a half each, and
 * neither be known for it.
 */
const NOT_WITH_TOKEN: ReadonlySet<string> = new Set([...NOT_UPSTREAM, 'range', 'if-range']);

/** Not given to the agent: it would have clients try HTTP/3, or another host, which are no way out of the bottle. */
const NOT_TO_AGENT: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'alt-svc']);

/** One value, or several for a header that was sent as several lines. */
export type HeaderLines = Record<string, string | string[]>;

export interface UpstreamHeaderOptions {
  /** Value for `Host`. */
  readonly host: string;
  /** Value for `Authorization`; none is sent when absent. */
  readonly authorization: string | undefined;
  /** Whether a body follows. */
  readonly hasBody: boolean;
  /** Its bytes, where they are known, and nothing comes behind them. */
  readonly bodyLength?: number | undefined;
}

/** The headers to send upstream for a request with these raw headers (name, value, name, value, ...). */
export function upstreamHeaders(raw: readonly string[], options: UpstreamHeaderOptions): HeaderLines {
  const lines = linesWithout(options.authorization === undefined ? NOT_UPSTREAM : NOT_WITH_TOKEN, raw);
  lines.host = options.host;
  if (options.authorization !== undefined) lines.authorization = options.authorization;
  const accepted = lines['accept-encoding'];
  // Egress looks into what comes back; of a compressed body's part it could not.
  if (accepted !== undefined) {
    lines['accept-encoding'] = lines.range === undefined ? acceptableEncodings(String(accepted)) : 'identity';
  }
  // All that may be said of transfer codings is that trailers are welcome; gRPC insists on it.
  const te = headerOf(raw, 'te');
  if (te !== undefined && /(?:^|,)\s*trailers\s*(?:,|$)/i.test(te)) lines.te = 'trailers';
  if (!options.hasBody) return lines;
  if (options.bodyLength !== undefined) {
    lines['content-length'] = String(options.bodyLength);
    return lines;
  }
  // Node frames a GET body only when told to; without this, one would run into the next request. HTTP/2 has no
  // transfer-encoding at all.
  const hasLength = lines['content-length'] !== undefined && headerOf(raw, 'transfer-encoding') === undefined;
  if (!hasLength) {
    delete lines['content-length'];
    lines['transfer-encoding'] = 'chunked';
  }
  return lines;
}

/** The headers to give the agent for a response with these raw headers. */
export function agentHeaders(raw: readonly string[]): HeaderLines {
  return linesWithout(NOT_TO_AGENT, raw);
}

/** An object that inherits nothing, since a header may have any name; V8 reads it quicker than one made with `null`. */
const Lines = function Lines() {} as unknown as new () => HeaderLines;
Lines.prototype = Object.create(null);

function linesWithout(unwanted: ReadonlySet<string>, raw: readonly string[]): HeaderLines {
  const listed = namedByConnection(raw);
  const lines: HeaderLines = new Lines();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (unwanted.has(name) || listed.has(name)) continue;
    const value = raw[index + 1] ?? '';
    const before = lines[name];
    if (before === undefined) lines[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else lines[name] = [before, value];
  }
  return lines;
}

/** The headers that `Connection` names, in lower case: they are not passed on. */
export function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  const connection = headerOf(raw, 'connection')?.toLowerCase();
  // All that is usually said, which names no header that could pass.
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  const named = connection.split(',').map((token) => token.trim());
  // An agent that lists Content-Length or Host in Connection would have them removed: framing stays.
  return new Set(named.filter((name) => name !== 'content-length'));
}

const NONE: ReadonlySet<string> = new Set();
