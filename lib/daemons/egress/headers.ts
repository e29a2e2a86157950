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
  for (const name of WRITTEN_BY_EGRESS) lines.delete(name);
  lines.set('host', [options.host]);
  const accepted = lines.get('accept-encoding');
  // Egress looks into what comes back; of a compressed body's part it could not.
  if (accepted !== undefined) {
    lines.set('accept-encoding', [lines.has('range') ? 'identity' : acceptableEncodings(accepted.join(','))]);
  }
  if (options.authorization !== undefined) lines.set('authorization', [options.authorization]);
  // All that may be said of transfer codings is that trailers are welcome; gRPC insists on it.
  if (valuesOf(raw, 'te').some((value) => /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value))) {
    lines.set('te', ['trailers']);
  }
  // Node frames a GET body only when told to; without this, one would run into the next request. HTTP/2 has no
  // transfer-encoding at all.
  const hasLength = lines.has('content-length') && valuesOf(raw, 'transfer-encoding').length === 0;
  if (options.hasBody && !hasLength) {
    lines.delete('content-length');
    lines.set('transfer-encoding', ['chunked']);
  }
  return headerLines(lines);
}

/** The headers to give the agent for a response with these raw headers. */
export function agentHeaders(raw: readonly string[]): HeaderLines {
  const lines = endToEnd(raw);
  // It would have clients try HTTP/3, or another host, which are no way out of the bottle.
  lines.delete('alt-svc');
  return headerLines(lines);
}

/** Node's client insists on a plain string for `Host`. */
function headerLines(lines: ReadonlyMap<string, string[]>): HeaderLines {
  return Object.fromEntries(
    [...lines].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
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

/** The headers that `Connection` names, in lower case: they are not passed on. */
export function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  const named = valuesOf(raw, 'connection').flatMap((value) =>
    value.split(',').map((token) => token.trim().toLowerCase()),
  );
  // An agent that lists Content-Length or Host in Connection would have them removed: framing stays.
  return new Set(named.filter((name) => name !== 'content-length'));
}

function endToEnd(raw: readonly string[]): Map<string, string[]> {
  const listed = namedByConnection(raw);
  const lines = new Map<string, string[]>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (HOP_BY_HOP.has(name) || listed.has(name)) continue;
    const values = lines.get(name);
    if (values === undefined) lines.set(name, [raw[index + 1] ?? '']);
    else values.push(raw[index + 1] ?? '');
  }
  return lines;
}
