import { BottleError } from '../../errors.ts';
import { findManifest, listManifests, type ManifestSources } from '../find.ts';
import type { ManifestFile } from '../types.ts';
import type { ReadAgent } from './read-agent.ts';
import { unknownBottle, unknownBottleAt } from './unknown-name.ts';

/**
 * Returns the bottles to run in, in order: those chosen at launch, otherwise the one that the agent names.
 */
export async function chooseBottles(
  read: ReadAgent,
  sources: ManifestSources,
  chosen: readonly string[],
): Promise<[ManifestFile, ...ManifestFile[]]> {
  const [first, ...others] = chosen;
  if (first === undefined) return [await ownBottle(read, sources)];
  const found: [ManifestFile, ...ManifestFile[]] = [await bottleOf(first, sources)];
  for (const name of others) found.push(await bottleOf(name, sources));
  return found;
}

async function bottleOf(name: string, sources: ManifestSources): Promise<ManifestFile> {
  const found = await findManifest(sources, 'bottles', name);
  if (found === undefined) throw await unknownBottle(name, sources);
  return found;
}

async function ownBottle(read: ReadAgent, sources: ManifestSources): Promise<ManifestFile> {
  if (read.bottle === undefined) throw await noBottle(read, sources);
  const found = await findManifest(sources, 'bottles', read.bottle);
  if (found !== undefined) return found;
  throw await unknownBottleAt(read.source, { path: 'bottle', ...read.bottlePosition }, read.bottle, sources);
}

async function noBottle({ agent }: ReadAgent, sources: ManifestSources): Promise<BottleError> {
  const known = (await listManifests(sources, 'bottles')).map(({ name }) => name);
  const list = known.length === 0 ? '' : ` Known bottles: ${known.join(', ')}.`;
  return new BottleError(
    'manifest-invalid',
    `the agent \`${agent.name}\` names no bottle, and none was chosen`,
    {
      hint: `Choose a bottle at launch, or add \`bottle: NAME\` to ${agent.file}.${list}`,
    },
  );
}
