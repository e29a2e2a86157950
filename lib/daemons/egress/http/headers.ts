import { headerOf } from '../../shared/raw-headers.ts';
import { acceptableEncodings } from './content-decoding.ts';
import type { InjectedCredential } from './credential.ts';

/** Hop-by-hop headers (RFC 9110, 7.6.1) and headers that only concern proxies. Never forwarded. */
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

/** Not sent upstream: egress sets these itself, so the agent's own credentials and framing never get out. */
const NOT_UPSTREAM: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'authorization', 'expect', 'host']);

/**
 * Also not sent upstream where responses are searched for tokens: two partial responses could each reflect half of the
 * token, and neither half would be recognized.
 */
const NOT_WHEN_SEARCHED: ReadonlySet<string> = new Set([...NOT_UPSTREAM, 'range', 'if-range']);

/**
 * Not sent to the agent: clients would try HTTP/3 or another host, which they cannot reach from the bottle.
 */
const NOT_TO_AGENT: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'alt-svc']);

/** One value, or several for a header that was sent as several lines. */
export type HeaderLines = Record<string, string | string[]>;

export interface UpstreamHeaderOptions {
  /** Value for `Host`. */
  readonly host: string;
  /** The injected credential; none is sent when absent. */
  readonly credential: InjectedCredential | undefined;
  /** Whether the response is searched for tokens. */
  readonly isSearched: boolean;
  /** Whether a body follows. */
  readonly hasBody: boolean;
  /** Bytes of the body, if they are known and no trailers follow. */
  readonly bodyLength?: number | undefined;
}

/**
 * Returns the headers to send upstream for a request with these raw headers (name, value, name, value, ...).
 */
export function upstreamHeaders(raw: readonly string[], options: UpstreamHeaderOptions): HeaderLines {
  const lines = linesWithout(options.isSearched ? NOT_WHEN_SEARCHED : NOT_UPSTREAM, raw);
  lines.host = options.host;
  // In place of whatever the agent sent in that header.
  if (options.credential?.kind === 'header') lines[options.credential.name] = options.credential.value;
  const accepted = lines['accept-encoding'];
  // Egress has to decode responses, and a part of a compressed body cannot be decoded.
  if (accepted !== undefined) {
    lines['accept-encoding'] = lines.range === undefined ? acceptableEncodings(String(accepted)) : 'identity';
  }
  // `trailers` is the only value that may be forwarded; gRPC requires it.
  const te = headerOf(raw, 'te');
  if (te !== undefined && /(?:^|,)\s*trailers\s*(?:,|$)/i.test(te)) lines.te = 'trailers';
  if (!options.hasBody) return lines;
  if (options.bodyLength !== undefined) {
    lines['content-length'] = String(options.bodyLength);
    return lines;
  }
  // Node frames a GET body only when told to. Unframed, it would run into the next request. HTTP/2 has no
  // transfer-encoding at all.
  const hasLength = lines['content-length'] !== undefined && headerOf(raw, 'transfer-encoding') === undefined;
  if (!hasLength) {
    delete lines['content-length'];
    lines['transfer-encoding'] = 'chunked';
  }
  return lines;
}

/** Returns the headers to send to the agent for a response with these raw headers. */
export function agentHeaders(raw: readonly string[]): HeaderLines {
  return linesWithout(NOT_TO_AGENT, raw);
}

/** Inherits nothing, since a header may have any name. V8 reads it faster than an `Object.create(null)`. */
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

/** The headers that `Connection` names, in lower case. They are not forwarded. */
export function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  const connection = headerOf(raw, 'connection')?.toLowerCase();
  // The usual values, which do not name a header that could be forwarded.
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  const named = connection.split(',').map((token) => token.trim());
  // An agent could list Content-Length in Connection to have it removed, but framing must stay.
  return new Set(named.filter((name) => name !== 'content-length'));
}

const NONE: ReadonlySet<string> = new Set();
