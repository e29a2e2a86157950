import type { RouteDlp } from '../../contract/egress/route-dlp.ts';

export type OutboundDetector = NonNullable<RouteDlp['outbound_detectors']>[number];

/** What is scanned for on one route, with defaults filled in. */
export interface ScanPlan {
  readonly outbound: ReadonlySet<OutboundDetector>;
  readonly onMatch: NonNullable<RouteDlp['outbound_on_match']>;
  /** Whether samples, placeholders and kinds of low risk pass in requests. */
  readonly passesLowRisk: boolean;
  /** Whether responses are scanned for prompt injection. */
  readonly inbound: boolean;
}

export function scanPlan(dlp: RouteDlp | undefined): ScanPlan {
  const inbound = dlp?.inbound_detectors ?? ['naive_injection_detection'];
  return {
    outbound: new Set(dlp?.outbound_detectors ?? ['token_patterns', 'known_secrets']),
    onMatch: dlp?.outbound_on_match ?? 'supervise',
    passesLowRisk: dlp?.outbound_low_risk === 'pass',
    inbound: inbound.length > 0,
  };
}
