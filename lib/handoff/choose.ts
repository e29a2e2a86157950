import { BottleError } from '../errors.ts';
import { HANDOFFS, type Handoff } from '../plan/schema.ts';
import type { Tier } from '../smolvm/version.ts';

/**
 * The hand-off for a tier: what `BOT_BOTTLE_HANDOFF` asks for, else an archive where smolvm takes one.
 * @throws BottleError `usage` for an unknown name, or one that the tier cannot do.
 */
export function chooseHandoff(tier: Tier, asked = process.env.BOT_BOTTLE_HANDOFF): Handoff {
  if (!asked) return tier === 'socket' ? 'archive' : 'registry-pack';
  const handoff = HANDOFFS.find((candidate) => candidate === asked);
  if (handoff === undefined) {
    throw new BottleError('usage', `BOT_BOTTLE_HANDOFF is '${asked}', which is no hand-off`, {
      hint: `Known: ${HANDOFFS.join(', ')}.`,
    });
  }
  if (handoff === 'archive' && tier === 'alias') {
    // There `--image` with a policy switches the network on as a whole, which this kit never does.
    throw new BottleError('usage', 'the hand-off by archive needs smolvm 1.8.0 or newer', {
      hint: 'Unset BOT_BOTTLE_HANDOFF, or point SMOLVM at a newer smolvm.',
    });
  }
  return handoff;
}
