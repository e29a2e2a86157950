import { failureResponse, type LocalResponse } from '../http/local-response.ts';

/** Error codes of egress itself and of undici. */
const TIMEOUTS: ReadonlySet<string> = new Set([
  'UPSTREAM_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/**
 * The response for a failed upstream. The error's own text could reveal internals, so only codes are used.
 */
export function upstreamFailure(host: string, error: unknown): LocalResponse {
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) {
    return failureResponse(504, 'upstream-timeout', `${host} did not answer in time.`);
  }
  if (code === 'ADDRESS_REFUSED') {
    const reason = `${host} resolves to a private or reserved address, which this route may not reach.`;
    return failureResponse(502, 'address-refused', reason);
  }
  if (code === 'UNASKED_CONTINUE') {
    const reason = `${host} answered "100 Continue" to a request that did not ask for it; the next request will be sent another way.`;
    return failureResponse(502, 'upstream-failed', reason);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return failureResponse(502, 'name-unresolved', `The name ${host} could not be resolved (${code}).`);
  }
  if (code === 'UPSTREAM_PROXY_UNREACHABLE') {
    const reason = 'The upstream proxy, through which all requests go, cannot be reached; nothing was sent.';
    return failureResponse(502, 'upstream-proxy-failed', reason);
  }
  if (code === 'UPSTREAM_PROXY_REFUSED') {
    const reason = `The upstream proxy, through which all requests go, refuses a connection to ${host}; nothing was sent.`;
    return failureResponse(502, 'upstream-proxy-refused', reason);
  }
  if (/CERT|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) {
    const reason = `The certificate of ${host} could not be verified (${code}).`;
    return failureResponse(502, 'upstream-untrusted', reason);
  }
  return failureResponse(502, 'upstream-failed', `The connection to ${host} failed (${code}).`);
}

function codeOf(error: unknown): string {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'unknown error';
}
