import { knownSecretFinder } from '../../../lib/daemons/detection/rules/known-secrets.ts';
import type { ScanOptions } from '../../../lib/daemons/detection/scan-text.ts';

/** The known secret of `SCAN_OPTIONS`. */
export const SECRET = 'zq7Kp2mW9xLr4TvB8nYc3HdF';

/** Scans with the default detectors, for the given known secrets. */
export const scanOptionsFor = (secrets: readonly string[]): ScanOptions => ({
  detectors: new Set(['token_patterns', 'known_secrets']),
  findKnown: knownSecretFinder(secrets),
});

export const SCAN_OPTIONS = scanOptionsFor([SECRET]);
