import { findManifest, listManifests, type ManifestSources } from './find.ts';
import { chooseBottles } from './resolve/choose-bottles.ts';
import { type BottleDeclaration, NOTHING_DECLARED } from './resolve/declaration.ts';
import { effectiveBottle } from './resolve/effective.ts';
import { mergeBottles } from './resolve/merge.ts';
import { readAgent } from './resolve/read-agent.ts';
import { bottleResolver } from './resolve/resolve-bottle.ts';
import { unknownAgent } from './resolve/unknown-name.ts';
import type { Manifest, ManifestFile } from './types.ts';
import { manifestWarnings } from './warnings.ts';

export type { ManifestSources } from './find.ts';

export interface LoadOptions {
  /**
   * Names of the bottles to run in; later ones override earlier ones. If empty, the bottle that the agent
   * names.
   */
  readonly bottles?: readonly string[];
}

/**
 * Loads the named agent and the bottle it runs in. Reads only the agent's file, the files of its bottles and
 * the files those extend, so a broken file does not affect other agents.
 * @throws BottleError `agent-unknown`, `bottle-unknown` or `manifest-invalid`
 */
export async function loadManifest(
  agentName: string,
  sources: ManifestSources,
  options: LoadOptions = {},
): Promise<Manifest> {
  const found = await findManifest(sources, 'agents', agentName);
  if (found === undefined) throw await unknownAgent(agentName, sources);
  const read = await readAgent(found);
  const bottles = await chooseBottles(read, sources, options.bottles ?? []);
  const resolve = bottleResolver(sources);
  let declared: BottleDeclaration = NOTHING_DECLARED;
  for (const bottle of bottles) declared = mergeBottles(declared, await resolve(bottle));
  const { bottle, origins } = effectiveBottle(declared, read.gitUser);
  return {
    agent: read.agent,
    bottles,
    bottle,
    origins: { ...read.origins, ...origins },
    warnings: await manifestWarnings(sources),
  };
}

/** Lists every available agent by name, without reading the files. @throws BottleError `manifest-invalid` */
export async function listAgents(sources: ManifestSources): Promise<ManifestFile[]> {
  return listManifests(sources, 'agents');
}

/** Lists every available bottle by name, without reading the files. @throws BottleError `manifest-invalid` */
export async function listBottles(sources: ManifestSources): Promise<ManifestFile[]> {
  return listManifests(sources, 'bottles');
}
