/**
 * What the guest has in place of a credential. Not shaped like a real one, which egress would refuse to send wherever else the
 * agent puts it.
 */
export const PLACEHOLDER = 'placeholder-the-bundle-has-the-real-one';

/**
 * `dlp` of a model API: its responses are not searched for prompt injection, since a correct description of an attack looks
 * like the attack. Requests are scanned, but what code and its documentation are full of passes: an agent sends all that it
 * has read with each request, so that one such line would end its session.
 */
export const MODEL_API = { inbound_detectors: false, outbound_low_risk: 'pass' } as const;
