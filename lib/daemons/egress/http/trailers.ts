import { agentHeaders, type HeaderLines } from './headers.ts';

/**
 * What decides about framing, routing, credentials or how an answer is to be read comes before the body or not at all
 * (RFC 9110, 6.5.1): who looks at it has looked by then.
 */
const NEVER_AFTER_A_BODY: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'expires',
  'host',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'www-authenticate',
]);

/** The trailers that pass on, in either direction. */
export function passableTrailers(raw: readonly string[]): HeaderLines {
  const lines = Object.entries(agentHeaders(raw)).filter(
    ([name]) => !NEVER_AFTER_A_BODY.has(name) && !/^(?::|if-|proxy-)/.test(name),
  );
  return Object.fromEntries(lines);
}
