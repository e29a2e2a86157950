import path from 'node:path';
import { BottleError } from '../../errors.ts';
import { printable } from '../../host/printable.ts';
import { listManifests, type ManifestSources } from '../find.ts';
import { isManifestName, NAME_RULE } from '../name.ts';
import { manifestInvalid } from '../reading/problem.ts';
import type { SourceFile } from '../reading/source-file.ts';
import { didYouMean } from '../reading/suggest.ts';
import type { Position } from '../reading/yaml-tree.ts';

/** Creates the error for a requested agent that does not exist, listing those that do. */
export async function unknownAgent(name: string, sources: ManifestSources): Promise<BottleError> {
  const known = (await listManifests(sources, 'agents')).map((agent) => agent.name);
  const message = `the agent \`${printable(name)}\` does not exist${didYouMean(name, known)}\n${listed('agents', known)}`;
  const file = path.join(sources.home, 'agents', 'NAME.md');
  return new BottleError('agent-unknown', message, {
    hint: `Choose a known agent, or create ${file} (${NAME_RULE}).`,
  });
}

/** Creates the error for a bottle that was chosen at launch and does not exist. */
export async function unknownBottle(name: string, sources: ManifestSources): Promise<BottleError> {
  const { message, remedy, list } = await aboutBottle(name, sources);
  return new BottleError('bottle-unknown', `${message}\n${list}`, { hint: remedy });
}

/** Creates the error for a bottle that a file names and that does not exist, showing the line. */
export async function unknownBottleAt(
  source: SourceFile,
  place: Position & { path: string },
  name: string,
  sources: ManifestSources,
): Promise<BottleError> {
  const { message, remedy, list } = await aboutBottle(name, sources);
  const shown = manifestInvalid(source, [{ ...place, message, remedy }]);
  return new BottleError('bottle-unknown', `${shown.message}\n${list}`, { hint: remedy });
}

async function aboutBottle(name: string, sources: ManifestSources) {
  const known = (await listManifests(sources, 'bottles')).map((bottle) => bottle.name);
  const file = path.join(sources.home, 'bottles', `${isManifestName(name) ? name : 'NAME'}.md`);
  return {
    message: `the bottle \`${printable(name)}\` does not exist${didYouMean(name, known)}`,
    remedy: `Choose a known bottle, or create ${file}.`,
    list: listed('bottles', known),
  };
}

function listed(kind: string, names: readonly string[]): string {
  return names.length === 0 ? `No ${kind} are known.` : `Known ${kind}: ${names.join(', ')}.`;
}
