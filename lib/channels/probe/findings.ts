import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Target } from './targets.ts';

/** What an attempt in the guest came to. It can only prove a breach, never its absence: see `connections`. */
export interface GuestResult {
  name: string;
  outcome: string;
  detail?: string;
}

export const probeFinding = z.strictObject({
  name: z.string(),
  expected: z.enum(['works', 'fails']),
  /** What happened, in a few words. */
  outcome: z.string(),
  ok: z.boolean(),
});
export type ProbeFinding = z.infer<typeof probeFinding>;

export interface Evidence {
  targets: readonly Target[];
  results: readonly GuestResult[];
  /** Connections counted by each host listener, by target name. */
  connections: ReadonlyMap<string, number>;
  /** This launch's nonce, and the challenge that was sent to the guest. */
  nonce: string;
  challenge: string;
}

/** Outcomes of a connection that failed. Any other outcome counts as a breach. */
const FAILURES = new Set(['failed', 'timeout']);

/** Assesses each target; a missing result counts as a failed check. */
export function assessProbe(evidence: Evidence): ProbeFinding[] {
  return evidence.targets.map((target) => {
    const result = evidence.results.find((candidate) => candidate.name === target.name);
    const outcome =
      result === undefined ? 'not tried' : [result.outcome, result.detail].filter(Boolean).join(': ');
    if (target.try === 'selftest') {
      const proven = result?.outcome === 'http 200' && provesNonce(result.detail ?? '', evidence);
      return {
        name: target.name,
        expected: 'works',
        outcome: proven ? 'responds, and knows the nonce' : outcome,
        ok: proven,
      };
    }
    if (target.try === 'daemon') {
      const answered = /^http \d+$/.test(result?.outcome ?? '');
      return { name: target.name, expected: 'works', outcome, ok: answered };
    }
    if (target.try === 'refusal') {
      const refused = result?.outcome === 'http 403';
      return { name: target.name, expected: 'works', outcome, ok: refused };
    }
    const reached = evidence.connections.get(target.name) ?? 0;
    const failed = result !== undefined && FAILURES.has(result.outcome) && reached === 0;
    return { name: target.name, expected: 'fails', outcome, ok: failed };
  });
}

const selftestResponse = z.strictObject({ proof: z.string().regex(/^[0-9a-f]{64}$/) });

function provesNonce(body: string, { nonce, challenge }: Evidence): boolean {
  const response = selftestResponse.safeParse(parseJson(body));
  if (!response.success) return false;
  const expected = createHmac('sha256', nonce).update(challenge).digest();
  return timingSafeEqual(Buffer.from(response.data.proof, 'hex'), expected);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
