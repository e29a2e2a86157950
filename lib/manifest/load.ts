import path from 'node:path';
import { BottleError } from '../errors.ts';
import { findManifest, listManifests, type ManifestSources } from './find.ts';
import { NAME_RULE } from './name.ts';
import { printable } from './printable.ts';
import { manifestInvalid } from './problem.ts';
import { type ReadAgent, readAgent } from './read-agent.ts';
import { readBottle } from './read-bottle.ts';
import { didYouMean } from './suggest.ts';
import type { Manifest, ManifestFile } from './types.ts';

export type { ManifestSources } from './find.ts';

/**
 * The agent of that name and the bottle it runs in. Only their two files are read, so that a broken file
 * harms nobody else.
 * @throws BottleError `agent-unknown`, `bottle-unknown` or `manifest-invalid`
 */
export async function loadManifest(agentName: string, sources: ManifestSources): Promise<Manifest> {
  const agentPlace = await findManifest(sources, 'agents', agentName);
  if (agentPlace === undefined) throw await agentUnknown(agentName, sources);
  const read = await readAgent(agentPlace);
  const bottlePlace = await findManifest(sources, 'bottles', read.bottle);
  if (bottlePlace === undefined) throw await bottleUnknown(read, sources);
  return { agent: read.agent, bottle: await readBottle(bottlePlace) };
}

/** Every agent that can be asked for, by name; their files are not read. */
export async function listAgents(sources: ManifestSources): Promise<ManifestFile[]> {
  return listManifests(sources, 'agents');
}

async function agentUnknown(name: string, sources: ManifestSources): Promise<BottleError> {
  const known = (await listAgents(sources)).map((agent) => agent.name);
  const message = `there is no agent \`${printable(name)}\`${didYouMean(name, known)}\n${listed('agents', known)}`;
  const file = path.join(sources.home, 'agents', 'NAME.md');
  return new BottleError('agent-unknown', message, {
    hint: `Choose a known agent, or write ${file} (${NAME_RULE}).`,
  });
}

async function bottleUnknown(read: ReadAgent, sources: ManifestSources): Promise<BottleError> {
  const known = (await listManifests(sources, 'bottles')).map((bottle) => bottle.name);
  const message = `there is no bottle \`${read.bottle}\`${didYouMean(read.bottle, known)}`;
  const remedy = `Choose a known bottle, or write ${path.join(sources.home, 'bottles', `${read.bottle}.md`)}.`;
  const shown = manifestInvalid(read.source, [{ path: 'bottle', ...read.bottlePosition, message, remedy }]);
  return new BottleError('bottle-unknown', `${shown.message}\n${listed('bottles', known)}`, { hint: remedy });
}

function listed(kind: string, names: readonly string[]): string {
  return names.length === 0 ? `No ${kind} are known.` : `Known ${kind}: ${names.join(', ')}.`;
}
