import { acceptableEncodings } from './dlp/content-decoding.ts';

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

/** Request headers that egress writes itself: the agent's own credentials and framing never pass. */
const WRITTEN_BY_EGRESS: ReadonlySet<string> = new Set(['authorization', 'expect', 'host']);

/** One value, or several for a header that was sent as several lines. */
export type HeaderLines = Record<string, string | string[]>;

export interface UpstreamHeaderOptions {
  /** Value for `Host`. */
  readonly host: string;
  /** Value for `Authorization`; none is sent when absent. */
  readonly authorization: string | undefined;
  /** Whether a body follows. */
  readonly hasBody: boolean;
}

/** The headers to send upstream for a request with these raw headers (name, value, name, value, ...). */
export function upstreamHeaders(raw: readonly string[], options: UpstreamHeaderOptions): HeaderLines {
  const lines = endToEnd(raw);
  for (const name of WRITTEN_BY_EGRESS) delete lines[name];
  lines.host = options.host;
  const accepted = lines['accept-encoding'];
  // Egress looks into what comes back; of a compressed body's part it could not.
  if (accepted !== undefined) {
    lines['accept-encoding'] = lines.range === undefined ? acceptableEncodings(String(accepted)) : 'identity';
  }
  if (options.authorization !== undefined) lines.authorization = options.authorization;
  // All that may be said of transfer codings is that trailers are welcome; gRPC insists on it.
  if (valuesOf(raw, 'te').some((value) => /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value))) lines.te = 'trailers';
  // Node frames a GET body only when told to; without this, one would run into the next request. HTTP/2 has no
  // transfer-encoding at all.
  const hasLength = lines['content-length'] !== undefined && !has(raw, 'transfer-encoding');
  if (options.hasBody && !hasLength) {
    delete lines['content-length'];
    lines['transfer-encoding'] = 'chunked';
  }
  return lines;
}

/** The headers to give the agent for a response with these raw headers. */
export function agentHeaders(raw: readonly string[]): HeaderLines {
  const lines = endToEnd(raw);
  // It would have clients try HTTP/3, or another host, which are no way out of the bottle.
  delete lines['alt-svc'];
  return lines;
}

/** Every value of one header, in order. `name` in lower case. */
export function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const key = raw[index] ?? '';
    if (key.length === name.length && key.toLowerCase() === name) values.push(raw[index + 1] ?? '');
  }
  return values;
}

/** All values of one header as one list, or `undefined` when there is none. `name` in lower case. */
export function headerOf(raw: readonly string[], name: string): string | undefined {
  const values = valuesOf(raw, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** Whether the header is there at all. `name` in lower case. */
function has(raw: readonly string[], name: string): boolean {
  for (let index = 0; index < raw.length; index += 2) {
    const key = raw[index] ?? '';
    if (key.length === name.length && key.toLowerCase() === name) return true;
  }
  return false;
}

function endToEnd(raw: readonly string[]): HeaderLines {
  const listed = has(raw, 'connection') ? listedInConnection(raw) : undefined;
  // Without a prototype: a header may have any name.
  const lines: HeaderLines = Object.create(null);
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (HOP_BY_HOP.has(name) || listed?.has(name)) continue;
    const value = raw[index + 1] ?? '';
    const before = lines[name];
    if (before === undefined) lines[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else lines[name] = [before, value];
  }
  return lines;
}

/** An agent that lists Content-Length in Connection would have it removed: framing stays. */
function listedInConnection(raw: readonly string[]): ReadonlySet<string> {
  const named = valuesOf(raw, 'connection').flatMap((value) =>
    value.split(',').map((token) => token.trim().toLowerCase()),
  );
  return new Set(named.filter((name) => name !== 'content-length'));
}
