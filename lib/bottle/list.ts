import { readdir } from 'node:fs/promises';
import { isMissing } from '../host/files.ts';
import { stateDirectory } from './paths.ts';
import { isSlug } from './slug.ts';

/** Returns the slugs of all bottles that have a state directory, sorted. */
export async function listBottles(): Promise<string[]> {
  try {
    const entries = await readdir(stateDirectory(), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isSlug(entry.name))
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
