import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownSecrets } from './known-secrets.ts';
import { isToken, isTokenSlot } from './tokens.ts';

/**
 * Takes over the tokens that have replaced those of the environment: the files of `directory`, each named by its slot.
 * Slots that the environment does not fill are ignored, so that nobody can add a credential.
 * @returns the slots that changed.
 */
export async function takeReplacedTokens(
  directory: string,
  tokens: Map<string, string>,
  secrets: KnownSecrets,
): Promise<string[]> {
  const changed: string[] = [];
  for (const slot of await readdir(directory).catch(() => [])) {
    if (!isTokenSlot(slot) || !tokens.has(slot)) continue;
    const token = await readFile(join(directory, slot), 'utf8');
    if (!isToken(token) || tokens.get(slot) === token) continue;
    secrets.add(token);
    tokens.set(slot, token);
    changed.push(slot);
  }
  return changed;
}
