import type { RoutesFile } from '../daemons/contract/egress/routes.ts';
import type { Plan } from './schema.ts';

/** Returns what egress lets out as the bottle was prepared, without what persons have granted since. */
export function preparedRoutes(plan: Plan): RoutesFile {
  const { tokens: _variables, ...policy } = plan.egress;
  return { version: 1, ...policy, ...gatedRepos(plan), ...supervision(plan) };
}

/** What egress names in its refusals; nothing for a bottle without repositories. */
function gatedRepos({ git }: Plan): Pick<RoutesFile, 'git_gate'> {
  if (git.length === 0) return {};
  return { git_gate: git.map(({ name, host, path }) => ({ name, host, path: path.replace(/\.git$/, '') })) };
}

function supervision(plan: Plan): Pick<RoutesFile, 'supervise'> {
  return canAsk(plan) ? { supervise: true } : {};
}

/** Whether the agent can ask a person, and is not refused at once. */
export function canAsk({ daemons, superviseMode }: Pick<Plan, 'daemons' | 'superviseMode'>): boolean {
  return daemons.includes('supervise') && superviseMode !== 'deny';
}
