import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { homeDirectory } from '../host/directories.ts';
import { shortPath } from '../host/short-path.ts';
import type { Manifest } from '../manifest/types.ts';
import { placeOf } from './manifest-place.ts';

/** Returns the folders with the operator's skills, one directory per skill; the first match wins. */
export function skillFolders(): string[] {
  return [join(homeDirectory(), 'skills'), join(homedir(), '.claude', 'skills')];
}

/**
 * Returns the directory of a skill on this host, if any. Skill names are validated, so none leads elsewhere.
 */
export async function findSkill(name: string): Promise<string | undefined> {
  for (const folder of skillFolders()) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isDirectory()) return join(folder, name);
  }
  return undefined;
}

export async function skillProblems(manifest: Manifest): Promise<BottleError[]> {
  const { skills } = manifest.agent;
  const found = await Promise.all(skills.map(findSkill));
  const missing = skills.filter((_, index) => found[index] === undefined);
  if (missing.length === 0) return [];
  const names = missing.map((name) => `\`${name}\``).join(', ');
  const many = missing.length > 1;
  return [
    new BottleError(
      'skill-missing',
      `the skill${many ? 's' : ''} ${names}${placeOf(manifest, 'skills')} ${many ? 'are' : 'is'} not installed on this host`,
      {
        hint: `Put a directory with that name into ${skillFolders()
          .map((path) => shortPath(path))
          .join(' or ')}.`,
      },
    ),
  ];
}
