import { BottleError } from '../errors.ts';
import { HANDOFFS, type Handoff } from '../plan/schema.ts';
import type { Tier } from '../smolvm/version.ts';

/**
 * Chooses the hand-off for a tier: the value of `BOT_BOTTLE_HANDOFF`, otherwise an archive if smolvm accepts
 * one.
 * @throws BottleError `usage` for an unknown name, or one that the tier does not support.
 */
export function chooseHandoff(tier: Tier, asked = process.env.BOT_BOTTLE_HANDOFF): Handoff {
  if (!asked) return tier === 'socket' ? 'archive' : 'registry-pack';
  const handoff = HANDOFFS.find((candidate) => candidate === asked);
  if (handoff === undefined) {
    throw new BottleError('usage', `BOT_BOTTLE_HANDOFF is '${asked}', which is not a hand-off`, {
      hint: `Known hand-offs: ${HANDOFFS.join(', ')}.`,
    });
  }
  if (handoff === 'archive' && tier === 'alias') {
    // In this tier, `--image` with a policy enables the whole network, which the kit never does.
    throw new BottleError('usage', 'the hand-off `archive` needs smolvm 1.8.0 or newer', {
      hint: 'Unset BOT_BOTTLE_HANDOFF, or point SMOLVM at a newer smolvm.',
    });
  }
  return handoff;
}
