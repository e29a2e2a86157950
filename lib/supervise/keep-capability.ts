import { capabilityFault } from '../daemons/contract/supervise/capability-lines.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import type { SuperviseRequest } from '../daemons/contract/supervise/request.ts';
import { type Capability, MAX_CAPABILITIES } from '../plan/capability.ts';
import { readPolicy } from './bottle-policy.ts';
import { changeCapabilities } from './capabilities-file.ts';
import { hostUser } from './host-user.ts';
import { refused } from './refused.ts';

type CapabilityRequest = Extract<SuperviseRequest, { kind: 'capability' }>;

/**
 * Has all further launches of the bottle's agent add lines to its image. A kill before the decision is written leaves
 * them, as the person wanted; rejecting the proposal then takes them back.
 * @returns a function that takes them back.
 * @throws BottleError `decision-refused` when the lines cannot be added, `state-missing` or `state-corrupt`.
 */
export async function keepCapability(
  proposal: Proposal,
  { dockerfile, reason }: CapabilityRequest,
): Promise<() => Promise<void>> {
  const { bottle, id } = proposal;
  const fault = capabilityFault(dockerfile);
  if (fault !== undefined) throw refused(`${id} cannot be approved: ${fault}`);
  const { plan } = await readPolicy(bottle);
  const kept: Capability = {
    ...{ id, bottle, lines: dockerfile, reason },
    ...{ at: new Date().toISOString(), by: hostUser() },
  };
  await changeCapabilities(plan.agent, (before) => {
    const others = before.filter((one) => !isOf(proposal, one));
    if (others.some(({ lines }) => lines === dockerfile)) return others;
    if (others.length >= MAX_CAPABILITIES)
      throw refused(`${MAX_CAPABILITIES} changes of the image of ${plan.agent.name} were approved already`);
    return [...others, kept];
  });
  return () => dropCapability(proposal);
}

/** Takes back what `keepCapability` may have left. */
export async function dropCapability(proposal: Proposal): Promise<void> {
  const { plan } = await readPolicy(proposal.bottle);
  await changeCapabilities(plan.agent, (before) => before.filter((one) => !isOf(proposal, one)));
}

function isOf({ bottle, id }: Proposal, one: Capability): boolean {
  return one.bottle === bottle && one.id === id;
}
