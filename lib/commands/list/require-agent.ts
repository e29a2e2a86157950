import { BottleError } from '../../errors.ts';
import { listAgents } from '../../manifest/load.ts';
import { manifestSources } from '../../manifest/sources.ts';

/** @throws BottleError `usage`, listing the known agents, when none was given to `make <command>`. */
export async function requireAgent(agent: string | undefined, command: string): Promise<string> {
  if (agent) return agent;
  const known = (await listAgents(manifestSources())).map(({ name }) => name);
  throw new BottleError('usage', 'no agent was given', {
    hint: `Name one: make ${command} AGENT=${known[0] ?? 'NAME'}. Known agents: ${known.join(', ') || 'none'}.`,
  });
}
