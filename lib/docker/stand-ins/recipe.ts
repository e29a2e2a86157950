import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Label of a stand-in with the digest of what it was built from. */
export const RECIPE_LABEL = 'bot-bottle.recipe';

/**
 * Returns a digest (16 hex digits) of the files of the named recipes and of `pins`. A stand-in with another
 * digest is stale. A recipe is a folder beside this file.
 */
export async function recipeDigest(recipes: readonly string[], pins: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(pins));
  for (const recipe of recipes) {
    const folder = join(import.meta.dirname, recipe);
    for (const file of (await readdir(folder)).sort()) {
      const content = await readFile(join(folder, file));
      hash.update(`${recipe}/${file} ${content.length}\n`).update(content);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
