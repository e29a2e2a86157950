import type { Plan } from '../../plan/schema.ts';
import { asking } from '../../terminal/ask.ts';
import { hasTerminal } from '../../terminal/has-terminal.ts';

/**
 * Returns whether to continue with the displayed plan. Only prompts on a terminal, without `yes`, and not for
 * the kit's own examples; otherwise the launch continues.
 */
export async function confirmLaunch(plan: Plan, yes: boolean, signal: AbortSignal): Promise<boolean> {
  if (yes || plan.agent.origin === 'examples' || !hasTerminal()) return true;
  return asking(signal, (ask) => ask.confirm('Launch?'));
}
