import { type CredentialPlace, isCredentialHeader } from './credential.ts';
import { agentHeaders, type HeaderLines } from './headers.ts';

/**
 * Headers that decide about framing, routing, credentials or how a response is read must come before the body
 * (RFC 9110, 6.5.1): later, the recipient has already acted without them.
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

/**
 * Returns the trailers that may be forwarded, in either direction. `place`: where the injected credential
 * goes, which the agent must not set after the body either.
 */
export function passableTrailers(raw: readonly string[], place?: CredentialPlace): HeaderLines {
  const lines = Object.entries(agentHeaders(raw)).filter(
    ([name]) =>
      !NEVER_AFTER_A_BODY.has(name) && !isCredentialHeader(name, place) && !/^(?::|if-|proxy-)/.test(name),
  );
  return Object.fromEntries(lines);
}
