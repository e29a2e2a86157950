import type { Plan } from '../../plan/schema.ts';
import { asking } from '../../terminal/ask.ts';
import { hasTerminal } from '../../terminal/has-terminal.ts';

/**
 * Whether to go on with a plan that was shown. Asked on a terminal, for agents that somebody wrote; without a
 * terminal, with `yes`, and for the kit's own examples there is no question, and the launch goes on.
 */
export async function confirmLaunch(plan: Plan, yes: boolean, signal: AbortSignal): Promise<boolean> {
  if (yes || plan.agent.origin === 'examples' || !hasTerminal()) return true;
  return asking(signal, (ask) => ask.confirm('Launch?'));
}
