import { z } from 'zod';
import type { RouteDlp } from '../types.ts';

const off = z.literal(false);
const outbound = z.array(z.enum(['token_patterns', 'known_secrets', 'entropy']));
const inbound = z.array(z.enum(['naive_injection_detection']));

/** `dlp` of a route: which detectors scan it (`false` for none), and what happens on a finding. */
export const routeDlp = z
  .strictObject({
    outbound_detectors: z
      .union([off, outbound])
      .optional()
      .meta({ description: '`false` for none; absent: token_patterns and known_secrets.' }),
    inbound_detectors: z
      .union([off, inbound])
      .optional()
      .meta({ description: '`false` for none; absent: naive_injection_detection.' }),
    outbound_on_match: z
      .enum(['block', 'redact', 'supervise'])
      .optional()
      .meta({ description: 'What happens to a request with a secret in it.', default: 'supervise' }),
    outbound_low_risk: z.enum(['find', 'pass']).optional().meta({
      description:
        '`pass`: documented samples, placeholders, and what opens nothing, such as card numbers, are no secrets.',
      default: 'find',
    }),
  })
  .transform(
    ({ outbound_detectors, inbound_detectors, outbound_on_match, outbound_low_risk }): RouteDlp => ({
      ...(outbound_detectors === undefined ? {} : { outboundDetectors: outbound_detectors || [] }),
      ...(inbound_detectors === undefined ? {} : { inboundDetectors: inbound_detectors || [] }),
      ...(outbound_on_match === undefined ? {} : { outboundOnMatch: outbound_on_match }),
      ...(outbound_low_risk === undefined ? {} : { outboundLowRisk: outbound_low_risk }),
    }),
  );
