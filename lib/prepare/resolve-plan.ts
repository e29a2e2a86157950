import { SUPERVISE_MODE_ENV } from '../daemons/contract/supervise/environment.ts';
import { BottleError } from '../errors.ts';
import { chooseHandoff } from '../handoff/choose.ts';
import type { Manifest } from '../manifest/types.ts';
import { bundleName, machineName, networkName } from '../plan/names.ts';
import { promptedVariable } from '../plan/prompted.ts';
import type { Plan } from '../plan/schema.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';
import { tierOf } from '../smolvm/version.ts';
import { egressPlan } from './egress-plan.ts';
import type { FileVariables } from './env-files.ts';
import { gitPlan } from './git-plan.ts';
import type { Resolved } from './preflight.ts';
import type { ResolvedCredential } from './provider-credential.ts';
import { isFakeSmolvm } from './smolvm.ts';

/** Creates the plan from the results of preflight: names and paths, but no secret values. */
export function resolvePlan({
  slug,
  cwd,
  manifest,
  provider,
  credential,
  fileVariables,
  smolvm,
  image,
  capabilities,
  command,
  workspace,
}: Resolved): Plan {
  const { agent, bottle, bottles } = manifest;
  const tier = tierOf(smolvm.version);
  return {
    slug,
    agent: { name: agent.name, file: agent.file, origin: agent.origin },
    skills: [...agent.skills],
    bottle: { name: bottles.map(({ name }) => name).join('+'), file: (bottles.at(-1) ?? bottles[0]).file },
    smolvm: {
      path: smolvm.path,
      version: [...smolvm.version],
      tier,
      fake: isFakeSmolvm(smolvm.path),
    },
    names: { machine: machineName(slug), network: networkName(slug), bundle: bundleName(slug) },
    image,
    ...(capabilities.length === 0 ? {} : { capabilities: [...capabilities] }),
    handoff: chooseHandoff(tier),
    provider: {
      template: provider.template,
      command: [...command],
      ...(provider.user === undefined ? {} : { user: provider.user }),
      ...(provider.home === undefined ? {} : { home: provider.home }),
      ...guestHome(),
      ...(credential.credential === undefined ? {} : { credential: credential.credential }),
      mcpServers: bottle.provider.mcpServers,
    },
    hasPrompt: agent.prompt !== '',
    environment: environmentOf(bottle, fileVariables, agentEnvironment(provider, credential)),
    ...gitPlan(manifest, cwd),
    egress: egressPlan(bottle.egress, credential.routes),
    ...(workspace === undefined ? {} : { workspace }),
    ...(bottle.terminal.clipboard ? { terminal: { clipboard: true } } : {}),
    daemons: [
      ...(['selftest', 'egress'] as const),
      ...(bottle.gitGate.repos.length > 0 ? (['git-gate', 'git-http'] as const) : []),
      ...(bottle.supervise ? (['supervise'] as const) : []),
      ...(bottle.egress.pipelock ? (['pipelock'] as const) : []),
    ],
    ...(bottle.supervise ? superviseMode() : {}),
  };
}

/** Returns what the operator has chosen for runs that nobody watches. */
function superviseMode(): { superviseMode?: 'deny' } {
  const mode = process.env[SUPERVISE_MODE_ENV];
  if (!mode) return {};
  if (mode === 'deny') return { superviseMode: mode };
  throw new BottleError('usage', `${SUPERVISE_MODE_ENV} is '${mode}', which is not known`, {
    hint: 'Set it to deny, so that nothing ever waits for a person, or remove it.',
  });
}

/** Returns the operator's own choice of the agent's home, if there is one. */
function guestHome(): { guestHome?: string } {
  const override = process.env.BOT_BOTTLE_GUEST_HOME;
  if (!override) return {};
  if (/^\/[^/\0]/.test(override)) return { guestHome: override.replace(/\/+$/, '') };
  throw new BottleError('usage', `BOT_BOTTLE_GUEST_HOME is '${override}', which is not an absolute path`, {
    hint: 'Name the home of the agent’s user in its image, such as /home/dev.',
  });
}

/** Returns the provider's variables, with placeholders for the chosen credential. */
export function agentEnvironment(
  provider: LoadedProvider,
  { credential }: ResolvedCredential,
): Readonly<Record<string, string>> {
  const placeholders = credential && provider.credentials[credential.kind]?.environment;
  return { ...provider.environment, ...placeholders };
}

function environmentOf(
  { env }: Manifest['bottle'],
  files: FileVariables,
  fromProvider: Readonly<Record<string, string>>,
): Plan['environment'] {
  const literals: Record<string, string> = {};
  const forwarded: Record<string, string> = {};
  const prompted: Record<string, string> = {};
  for (const [name, value] of Object.entries(fromProvider)) {
    if (env[name] === undefined && files[name] === undefined) literals[name] = value;
  }
  for (const [name, value] of Object.entries(env)) {
    if (value.kind === 'literal') literals[name] = value.value;
    if (value.kind === 'host') forwarded[name] = value.variable;
    if (value.kind === 'prompt') {
      forwarded[name] = promptedVariable(name);
      prompted[name] = value.text;
    }
  }
  return { literals, forwarded, files: { ...files }, prompted };
}
