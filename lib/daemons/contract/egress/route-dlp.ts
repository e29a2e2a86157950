import * as z from 'zod';

/** What a route looks for in requests and responses, and what follows. Absent keys have the defaults named here. */
export const routeDlp = z.strictObject({
  /** Default: `token_patterns` and `known_secrets`. An empty list: requests are not scanned. */
  outbound_detectors: z.array(z.enum(['token_patterns', 'known_secrets', 'entropy'])).optional(),
  /** Default: `naive_injection_detection`. An empty list: responses are not scanned. */
  inbound_detectors: z.array(z.enum(['naive_injection_detection'])).optional(),
  /** Default: `supervise`, which fails closed where nobody supervises. */
  outbound_on_match: z.enum(['block', 'redact', 'supervise']).optional(),
  /** Documented samples, placeholders, and kinds that open nothing. Default: `find`. */
  outbound_low_risk: z.enum(['find', 'pass']).optional(),
});

export type RouteDlp = z.infer<typeof routeDlp>;
