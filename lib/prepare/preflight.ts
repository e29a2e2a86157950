import { BottleError } from '../errors.ts';
import { chooseHandoff } from '../handoff/choose.ts';
import { assertReadableContext } from '../handoff/recipe.ts';
import { homeDirectory } from '../host/directories.ts';
import { loadManifest } from '../manifest/load.ts';
import { manifestSources } from '../manifest/sources.ts';
import type { Manifest } from '../manifest/types.ts';
import type { Capability } from '../plan/capability.ts';
import { networkName } from '../plan/names.ts';
import type { Plan } from '../plan/schema.ts';
import type { PlanWorkspace, WorkspaceChoice } from '../plan/workspace.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';
import { readSignIn } from '../providers/read-sign-in.ts';
import { providerFor } from '../providers/registry.ts';
import type { SmolvmBinary } from '../smolvm/binary.ts';
import { tierOf } from '../smolvm/version.ts';
import { readCapabilities } from '../supervise/capabilities-file.ts';
import { agentCommand } from './agent-command.ts';
import { type FileVariables, fileVariables } from './env-files.ts';
import { gitKeyProblems } from './git-keys.ts';
import { checkHost, type Host } from './host.ts';
import { imageSource } from './image-source.ts';
import { placeOf } from './manifest-place.ts';
import { Problems, throwProblems } from './problems.ts';
import { type ResolvedCredential, resolveCredential } from './provider-credential.ts';
import { skillProblems } from './skill-problems.ts';
import { isFakeSmolvm, smolvmFor } from './smolvm.ts';
import { variableProblems } from './variables.ts';
import { resolveWorkspace } from './workspace.ts';

/** What the operator asks for. */
export interface LaunchChoice {
  agent: string;
  /** Later ones override earlier ones. If empty, the bottle that the agent names. */
  bottles: readonly string[];
  /** Directory for a repository's agents and for relative paths. */
  cwd: string;
  /** One more dotenv file, as written; the manifest's `env` wins. */
  envFile?: string | undefined;
  /** How `cwd` is copied into the guest; absent for not at all. */
  workspace?: WorkspaceChoice | undefined;
}

/** Everything that goes into a plan. */
export interface Resolved {
  slug: string;
  /** Where relative paths start. */
  cwd: string;
  manifest: Manifest;
  provider: LoadedProvider;
  credential: ResolvedCredential;
  fileVariables: FileVariables;
  command: readonly string[];
  image: Plan['image'];
  /** What was approved to be added to the image. */
  capabilities: readonly Capability[];
  smolvm: SmolvmBinary;
  workspace?: PlanWorkspace | undefined;
}

/** What was resolved, and all problems, the most fundamental first. Without problems, nothing is missing. */
export interface Checked extends Partial<Resolved> {
  slug: string;
  cwd: string;
  problems: readonly BottleError[];
}

/**
 * Checks everything that can make this launch fail, and creates nothing. Problems in the manifest come first,
 * then those of what it refers to, then those of the machine.
 */
export async function preflight(choice: LaunchChoice & { slug: string }, host: Host): Promise<Checked> {
  const { slug, agent, bottles, cwd } = choice;
  const problems = new Problems();
  const manifest = await problems.attempt(() => loadManifest(agent, manifestSources(cwd), { bottles }));
  const found = manifest && (await checkManifest(manifest, choice, problems));
  if (manifest !== undefined) await checkShell(manifest, found?.provider, host, problems);
  const asked = choice.workspace;
  const workspace = asked && (await problems.attempt(() => resolveWorkspace(cwd, asked)));
  const smolvm = await problems.attempt(() => smolvmFor(manifest));
  const tier = smolvm && (await problems.attempt(() => tierOf(smolvm.version)));
  if (tier !== undefined) await problems.attempt(() => chooseHandoff(tier));
  const asProgram = smolvm && { path: smolvm.path, isFake: isFakeSmolvm(smolvm.path) };
  const pipelock = manifest?.bottle.egress.pipelock && placeOf(manifest, 'egress.pipelock');
  const network = tier === 'alias' ? networkName(slug) : undefined;
  await checkHost(host, { smolvm: asProgram, network, pipelock }, problems);
  const known = {
    ...(manifest && { manifest }),
    ...found,
    ...(tier && smolvm && { smolvm }),
    ...(workspace && { workspace }),
  };
  return { slug, cwd, ...known, problems: problems.found };
}

/** A resolved manifest with its problems, without those of the machine. */
export interface CheckedAgent
  extends Pick<
    Checked,
    'provider' | 'credential' | 'fileVariables' | 'command' | 'image' | 'capabilities' | 'problems'
  > {
  manifest: Manifest;
}

/** Resolves an agent without checking the machine. @throws BottleError when the manifest cannot be read. */
export async function checkAgent(choice: LaunchChoice & { slug: string }): Promise<CheckedAgent> {
  const { agent, bottles, cwd } = choice;
  const manifest = await loadManifest(agent, manifestSources(cwd), { bottles });
  const problems = new Problems();
  return { manifest, ...(await checkManifest(manifest, choice, problems)), problems: problems.found };
}

async function checkManifest(
  manifest: Manifest,
  { slug, cwd, envFile }: LaunchChoice & { slug: string },
  problems: Problems,
): Promise<
  Pick<Checked, 'provider' | 'credential' | 'fileVariables' | 'command' | 'image' | 'capabilities'>
> {
  const choice = manifest.bottle.provider;
  const origin = manifest.origins.agent_provider;
  const where = origin === undefined ? '' : `${origin.file}:${origin.line}: `;
  const provider = await problems.attempt(() => providerFor(choice.template, homeDirectory(), where));
  const command = provider && (await problems.attempt(() => agentCommand(provider, manifest)));
  const variables = await fileVariables(manifest, { cwd, envFile }, problems);
  const credential =
    provider && (await problems.attempt(() => resolveCredential(provider, manifest, variables)));
  const image = provider && (await problems.attempt(() => imageSource({ slug, manifest, provider, cwd })));
  if (image?.kind === 'dockerfile') {
    await problems.attempt(() => assertReadableContext(image.dockerfile, image.context));
  }
  const capabilities = await problems.attempt(() => readCapabilities(manifest.agent));
  problems.add(...(await skillProblems(manifest, provider)), ...(await gitKeyProblems(manifest, cwd)));
  return {
    fileVariables: variables,
    ...(provider === undefined ? {} : { provider }),
    ...(credential === undefined ? {} : { credential }),
    ...(command === undefined ? {} : { command }),
    ...(image === undefined ? {} : { image }),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

/** Checks what the manifest needs from the launching shell and its user. */
async function checkShell(
  manifest: Manifest,
  provider: LoadedProvider | undefined,
  { hasTerminal }: Host,
  problems: Problems,
): Promise<void> {
  problems.add(...variableProblems(manifest, { environment: process.env, hasTerminal }));
  const signIn = provider?.credentials[manifest.bottle.provider.credential?.kind ?? '']?.signIn;
  if (signIn !== undefined) await problems.attempt(() => readSignIn(signIn));
}

/** Returns everything, or undefined if a part could not be resolved. */
export function resolvedOf({ problems: _problems, ...checked }: Checked): Resolved | undefined {
  const { manifest, provider, credential, fileVariables: variables, command, smolvm } = checked;
  const { image, capabilities } = checked;
  if (!manifest || !provider || !credential || !variables || !command || !smolvm) return undefined;
  if (!image || !capabilities) return undefined;
  const known = { manifest, provider, credential, fileVariables: variables, command, smolvm };
  return { ...checked, ...known, image, capabilities };
}

/** Returns everything. @throws BottleError that combines all problems. */
export function assertResolved(checked: Checked): Resolved {
  throwProblems(checked.problems);
  const resolved = resolvedOf(checked);
  if (resolved !== undefined) return resolved;
  throw new BottleError('internal', 'preflight found no problem but did not resolve everything');
}
