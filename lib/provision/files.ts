import { readFile } from 'node:fs/promises';
import { bottlePaths } from '../bottle/paths.ts';
import { writeAgentFileScript } from '../guest/shell-script.ts';
import { OWN_MCP_SERVER } from '../manifest/own-mcp-server.ts';
import { filesOf } from '../providers/provider-results.ts';
import { readSignIn } from '../providers/read-sign-in.ts';
import type { ProvisionContext, Provisioner } from './provisioner.ts';

/** Writes the provider's files into the agent's home: settings that answer what the agent would ask, and placeholders. */
export const files: Provisioner = {
  name: 'files',
  applies: () => true,
  async provision(bottle, context) {
    const { provider, label } = context;
    const { home, directory: workdir } = bottle.agent;
    const mcpServers = mcpServersOf(context);
    const prompt = await readFile(bottlePaths.prompt(bottle.slug), 'utf8');
    const credential = await credentialOf(context);
    const setup = { home, workdir, prompt, label, mcpServers, credential };
    for (const { path, content, mode } of filesOf(provider, setup)) {
      context.addScript(writeAgentFileScript(bottle.agent, `${home}/${path}`, content, mode));
    }
  },
};

/** The manifest's servers, and the kit's own, whose name the manifest cannot take. */
function mcpServersOf({ plan, supervise }: ProvisionContext): Record<string, string> {
  return { ...plan.provider.mcpServers, ...(supervise === undefined ? {} : { [OWN_MCP_SERVER]: supervise }) };
}

/** Returns the chosen credential as the provider needs it for its placeholders. @throws BottleError `credentials-unusable` */
export async function credentialOf({ plan, provider }: Pick<ProvisionContext, 'plan' | 'provider'>) {
  const { credential } = plan.provider;
  if (credential === undefined) return undefined;
  const { kind } = credential;
  const signIn = provider.credentials[kind]?.signIn;
  return { kind, details: signIn === undefined ? {} : (await readSignIn(signIn)).details };
}
