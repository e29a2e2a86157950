import type { Plan } from './schema.ts';

/**
 * Returns the daemon that is the guest's proxy. It is egress, with pipelock behind it if the bottle uses it.
 * Without routes, egress has nothing to inject or decide, so pipelock stands alone, as in bot-bottle.
 */
export function proxyDaemonOf({ daemons, egress }: Pick<Plan, 'daemons' | 'egress'>): 'egress' | 'pipelock' {
  return daemons.includes('pipelock') && egress.routes.length === 0 ? 'pipelock' : 'egress';
}

/** Returns whether egress sends everything it lets out through pipelock. */
export function isChained(plan: Pick<Plan, 'daemons' | 'egress'>): boolean {
  return plan.daemons.includes('pipelock') && proxyDaemonOf(plan) === 'egress';
}

type AgentFacing = 'egress' | 'pipelock' | 'git-http' | 'supervise';

/** Returns the daemons that the guest may use, its proxy first; each is published on the bottle's alias. */
export function agentFacing(plan: Pick<Plan, 'daemons' | 'egress'>): AgentFacing[] {
  const beside = (['git-http', 'supervise'] as const).filter((daemon) => plan.daemons.includes(daemon));
  return [proxyDaemonOf(plan), ...beside];
}
