import { type DeployKeyUndo, hasOnlyDeployKeys, pendingUndo } from '../bottle/journal.ts';
import { listBottles } from '../bottle/list.ts';
import { readMetadata } from '../bottle/metadata.ts';
import { isProcessAlive } from '../host/process-identity.ts';

export interface StrandedKey {
  readonly slug: string;
  readonly key: DeployKeyUndo;
}

/** Returns the deploy keys that journals name and no live bottle uses. Asks no forge. */
export async function strandedKeys(): Promise<StrandedKey[]> {
  const found = await Promise.all((await listBottles()).map(strandedKeysOf));
  return found.flat();
}

async function strandedKeysOf(slug: string): Promise<StrandedKey[]> {
  const entries = await pendingUndo(slug).catch(() => []);
  const keys = entries.flatMap(({ undo }) => (undo.kind === 'deploy-key' ? [{ slug, key: undo }] : []));
  if (keys.length === 0 || hasOnlyDeployKeys(entries)) return keys;
  return (await isOrphaned(slug)) ? keys : [];
}

/** Whether the bottle's launch has died, or its state cannot be read. */
async function isOrphaned(slug: string): Promise<boolean> {
  const metadata = await readMetadata(slug).catch(() => undefined);
  if (metadata === undefined) return true;
  return metadata.owner !== null && !(await isProcessAlive(metadata.owner));
}
