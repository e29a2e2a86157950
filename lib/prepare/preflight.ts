import { homeDirectory } from '../bottle/paths.ts';
import { BottleError } from '../errors.ts';
import { chooseHandoff } from '../handoff/choose.ts';
import { loadManifest } from '../manifest/load.ts';
import { manifestSources } from '../manifest/sources.ts';
import type { Manifest } from '../manifest/types.ts';
import { networkName } from '../plan/names.ts';
import type { Plan } from '../plan/schema.ts';
import { checkCodexSignIn } from '../providers/codex/sign-in.ts';
import type { Provider } from '../providers/provider.ts';
import { providerFor } from '../providers/registry.ts';
import type { SmolvmBinary } from '../smolvm/binary.ts';
import { tierOf } from '../smolvm/version.ts';
import { gitKeyProblems } from './git-keys.ts';
import { checkHost, type Host } from './host.ts';
import { imageSource } from './image-source.ts';
import { placeOf } from './manifest-place.ts';
import { Problems, throwProblems } from './problems.ts';
import { skillProblems } from './skills.ts';
import { isFakeSmolvm, smolvmFor } from './smolvm.ts';
import { assertSupported } from './unsupported.ts';
import { variableProblems } from './variables.ts';

/** What an operator asks for. */
export interface LaunchChoice {
  agent: string;
  /** In order, later ones over earlier ones; none: the one that the agent names. */
  bottles: readonly string[];
  /** Where agents of a repository, and relative paths, are looked for. */
  cwd: string;
}

/** Everything that a plan is made of. */
export interface Resolved {
  slug: string;
  manifest: Manifest;
  provider: Provider;
  command: readonly string[];
  image: Plan['image'];
  smolvm: SmolvmBinary;
}

/** What was found, and all that stands in the way, the most basic first. Without a problem nothing is missing. */
export interface Checked extends Partial<Resolved> {
  slug: string;
  problems: readonly BottleError[];
}

/**
 * Looks at everything that can make this launch fail, and creates nothing. Problems of the manifest come first,
 * then those of what it names, then those of the machine.
 */
export async function preflight(choice: LaunchChoice & { slug: string }, host: Host): Promise<Checked> {
  const { slug, agent, bottles, cwd } = choice;
  const problems = new Problems();
  const manifest = await problems.attempt(() => loadManifest(agent, manifestSources(cwd), { bottles }));
  const found = manifest && (await checkManifest(manifest, choice, problems));
  if (manifest !== undefined) await checkShell(manifest, host, problems);
  const smolvm = await problems.attempt(() => smolvmFor(manifest));
  const tier = smolvm && (await problems.attempt(() => tierOf(smolvm.version)));
  if (tier !== undefined) await problems.attempt(() => chooseHandoff(tier));
  const isReal = smolvm !== undefined && !isFakeSmolvm(smolvm.path);
  const pipelock = manifest?.bottle.egress.pipelock && placeOf(manifest, 'egress.pipelock');
  const network = tier && networkName(slug);
  await checkHost(host, { kvm: isReal, network, pipelock }, problems);
  const known = { ...(manifest && { manifest }), ...found, ...(tier && smolvm && { smolvm }) };
  return { slug, ...known, problems: problems.found };
}

/** What an agent's manifest comes to, with what is wrong with it; the machine is left aside. */
export interface CheckedAgent extends Pick<Checked, 'provider' | 'command' | 'image' | 'problems'> {
  manifest: Manifest;
}

/** @throws BottleError when the manifest cannot be read */
export async function checkAgent(choice: LaunchChoice & { slug: string }): Promise<CheckedAgent> {
  const { agent, bottles, cwd } = choice;
  const manifest = await loadManifest(agent, manifestSources(cwd), { bottles });
  const problems = new Problems();
  return { manifest, ...(await checkManifest(manifest, choice, problems)), problems: problems.found };
}

async function checkManifest(
  manifest: Manifest,
  { slug, cwd }: LaunchChoice & { slug: string },
  problems: Problems,
): Promise<Pick<Checked, 'provider' | 'command' | 'image'>> {
  const choice = manifest.bottle.provider;
  await problems.attempt(() => assertSupported(manifest));
  const origin = manifest.origins.agent_provider;
  const where = origin === undefined ? '' : `${origin.file}:${origin.line}: `;
  const provider = await problems.attempt(() => providerFor(choice.template, homeDirectory(), where));
  const command = provider && (await problems.attempt(() => provider.command(choice.command)));
  const image = provider && (await problems.attempt(() => imageSource({ slug, manifest, provider, cwd })));
  problems.add(...(await skillProblems(manifest)), ...(await gitKeyProblems(manifest, cwd)));
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(command === undefined ? {} : { command }),
    ...(image === undefined ? {} : { image }),
  };
}

/** What the manifest wants of the shell that launches, and of who sits before it. */
async function checkShell(manifest: Manifest, { hasTerminal }: Host, problems: Problems): Promise<void> {
  problems.add(...variableProblems(manifest, { environment: process.env, hasTerminal }));
  if (manifest.bottle.provider.forwardHostCredentials) await problems.attempt(() => checkCodexSignIn());
}

/** All of it, or nothing when a part could not be found. */
export function resolvedOf(checked: Checked): Resolved | undefined {
  const { slug, manifest, provider, command, image, smolvm } = checked;
  if (!manifest || !provider || !command || !image || !smolvm) return undefined;
  return { slug, manifest, provider, command, image, smolvm };
}

/** All of it. @throws BottleError that stands for every problem there is. */
export function assertResolved(checked: Checked): Resolved {
  throwProblems(checked.problems);
  const resolved = resolvedOf(checked);
  if (resolved !== undefined) return resolved;
  throw new BottleError('internal', 'preflight found no problem, and not everything either');
}
