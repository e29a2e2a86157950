import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { homeDirectory } from '../host/directories.ts';

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
