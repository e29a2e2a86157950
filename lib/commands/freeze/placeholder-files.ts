import type { Agent } from '../../guest/agent.ts';
import { homeDirectory } from '../../host/directories.ts';
import type { Plan } from '../../plan/schema.ts';
import { filesOf } from '../../providers/provider-results.ts';
import { providerFor } from '../../providers/registry.ts';
import { credentialOf } from '../../provision/files.ts';

/** Returns the files that the provider fills with placeholders, which look like tokens, below `/`. */
export async function placeholderFiles(
  plan: Plan,
  { home, directory }: Pick<Agent, 'home' | 'directory'>,
): Promise<Set<string>> {
  const provider = await providerFor(plan.provider.template, homeDirectory());
  // A sign-in that is gone since the launch: without it, its placeholders are reported.
  const credential = await credentialOf({ plan, provider }).catch(() => undefined);
  const setup = { home, workdir: directory, prompt: '', label: '', mcpServers: {}, credential };
  return new Set(filesOf(provider, setup).map(({ path }) => `${home}/${path}`.slice(1)));
}
