import type { Plan } from './schema.ts';

/**
 * The daemon that is the guest's proxy: egress, behind which pipelock stands when the bottle asks for it. In a bottle
 * that asks for pipelock and has no routes there is nothing for egress to inject or decide, and pipelock faces the
 * guest by itself, as in the original.
 */
export function proxyDaemonOf({ daemons, egress }: Pick<Plan, 'daemons' | 'egress'>): 'egress' | 'pipelock' {
  return daemons.includes('pipelock') && egress.routes.length === 0 ? 'pipelock' : 'egress';
}

/** Whether egress sends all that it lets out through pipelock. */
export function isChained(plan: Pick<Plan, 'daemons' | 'egress'>): boolean {
  return plan.daemons.includes('pipelock') && proxyDaemonOf(plan) === 'egress';
}

/** Daemons that the guest may dial, its proxy first; each is published on the bottle's alias. */
export function agentFacing(plan: Pick<Plan, 'daemons' | 'egress'>): ('egress' | 'pipelock')[] {
  return [proxyDaemonOf(plan)];
}
