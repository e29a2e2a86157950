import { BottleError } from '../../errors.ts';
import { homeDirectory } from '../../host/directories.ts';
import type { SessionRequest } from '../../phases/session-request.ts';
import type { Plan } from '../../plan/schema.ts';
import { headlessArguments } from '../../providers/provider-results.ts';
import { providerFor } from '../../providers/registry.ts';

/**
 * Checks, before anything is started, that the planned agent can run as requested.
 * @param isDetached whether the session goes on without the operator's terminal.
 * @throws BottleError `usage`
 */
export async function checkSession(
  plan: Plan,
  { prompt, format }: SessionRequest,
  isDetached = false,
): Promise<void> {
  const { template } = plan.provider;
  const provider = await providerFor(template, homeDirectory());
  if (prompt !== undefined) {
    headlessArguments(provider, { workdir: '/', label: '', resume: false, format });
    return;
  }
  // One that goes on without a terminal has one that is drawn for nobody.
  if (isDetached || !provider.needsTerminal || (process.stdin.isTTY && process.stdout.isTTY)) return;
  throw new BottleError('usage', `\`${template}\` needs a terminal, and standard input or output is none`, {
    hint: "Launch it from a terminal, or give it something to do: PROMPT='…'.",
  });
}
