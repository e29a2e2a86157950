import { decide } from '../../../lib/daemons/egress/policy/decide.ts';
import { claim } from '../claim.ts';
import { HOST_PARTS } from './parts.ts';
import { calm, policy } from './policy.ts';
import type { Target } from './target.ts';

/** Only hosts of the routes are admitted, whatever the spelling. */
export const connect: Target = (random) => {
  const target = `${random.text(HOST_PARTS, 4)}:${random.pick(['443', '80', '', '0443', '65979'])}`;
  const verdict = decide({ kind: 'connect', target }, policy, calm);
  const isListed = /^(a\.example\.com|([a-z0-9-]+\.)+example\.org)\.?:0*443$/i.test(target);
  claim(!verdict.allow || isListed, `let out: ${JSON.stringify(target)}`);
};
