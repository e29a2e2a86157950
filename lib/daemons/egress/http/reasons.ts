/** Every reason for which policy refuses a request, with the HTTP status that the agent gets. */
export const DENIAL_STATUS = {
  'target-invalid': 400,
  'host-invalid': 400,
  'host-header-invalid': 400,
  'headers-invalid': 400,
  'headers-too-many': 431,
  'version-refused': 505,
  'headers-too-long': 431,
  'expectation-refused': 417,
  'method-refused': 405,
  'host-unlisted': 403,
  'port-refused': 403,
  'plaintext-refused': 403,
  'host-mismatch': 421,
  'token-missing': 403,
  'upgrade-refused': 501,
  'handshake-invalid': 400,
  'path-ambiguous': 400,
  'request-unmatched': 403,
  'git-push-refused': 403,
  'git-fetch-refused': 403,
  'grant-expired': 403,
  'grant-used-up': 403,
  'grant-uncounted': 403,
  'route-changed': 403,
  'line-injection': 400,
  'secret-found': 403,
  'body-unscannable': 403,
} as const;

/** Why a request that policy admitted got no response, or only part of one. */
export const FAILURE_REASONS = [
  'upstream-failed',
  'upstream-timeout',
  'upstream-untrusted',
  'upstream-proxy-failed',
  'upstream-proxy-refused',
  'address-refused',
  'name-unresolved',
  'response-unscannable',
  'injection-found',
  'certificate-failed',
  'tls-failed',
  'client-gone',
  'idle',
  'internal',
] as const;

/** Why egress ends a WebSocket. Also the reason in its close frame. */
export const WEB_SOCKET_REASONS = [
  'secret-found',
  'injection-found',
  'frame-invalid',
  'message-too-long',
  'message-unscannable',
  'memory-full',
  'control-flood',
] as const;

/** Why egress closes an open connection on its own. */
export const CLOSING_REASONS = ['route-revoked', 'egress-ended'] as const;

/** On responses about egress itself, which are not refusals. */
export const INTROSPECTION_REASON = 'introspection';

export type DenialReason = keyof typeof DENIAL_STATUS;
export type FailureReason = (typeof FAILURE_REASONS)[number];
export type WebSocketReason = (typeof WEB_SOCKET_REASONS)[number];
export type ClosingReason = (typeof CLOSING_REASONS)[number];

/** Every code that can occur in `x-bot-bottle-reason` or in the audit. */
export type Reason =
  | DenialReason
  | FailureReason
  | WebSocketReason
  | ClosingReason
  | typeof INTROSPECTION_REASON;
