import { BottleError } from '../../errors.ts';
import type { Capability } from '../../plan/capability.ts';
import { type AgentKey, allCapabilities, changeCapabilities } from '../../supervise/capabilities-file.ts';

/** Which one is meant. Ids are unique within a bottle, and names of agents within a folder of manifests. */
export interface CapabilityChoice {
  readonly agent: string;
  readonly id: string;
  /** Slug of the bottle whose agent asked for it. */
  readonly bottle: string | undefined;
}

/**
 * Has further launches add these lines no more. Bottles that are up keep their image.
 * @throws BottleError `state-missing` when there is none such, or `usage` when several are.
 */
export async function removeCapability({ agent, id, bottle }: CapabilityChoice): Promise<Capability> {
  const isMeant = (one: Capability) => one.id === id && (bottle === undefined || one.bottle === bottle);
  const found = (await allCapabilities())
    .filter((one) => one.agent.name === agent)
    .flatMap(({ agent: key, capabilities }) =>
      capabilities.filter(isMeant).map((one): [AgentKey, Capability] => [key, one]),
    );
  const [first, second] = found;
  if (first === undefined) {
    throw new BottleError('state-missing', `nothing was approved for the agent ${agent} as ${id}`, {
      hint: '`make capabilities` lists what was approved.',
    });
  }
  if (second !== undefined) {
    throw new BottleError('usage', `${id} was approved for the agent ${agent} in several bottles`, {
      hint: 'Add BOTTLE=x, as `make capabilities` names it.',
    });
  }
  const [key, capability] = first;
  await changeCapabilities(key, (before) =>
    before.filter((one) => one.id !== capability.id || one.bottle !== capability.bottle),
  );
  return capability;
}
