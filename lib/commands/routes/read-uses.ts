import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { bottlePaths } from '../../bottle/paths.ts';
import { MAX_USES_BYTES, USES_FILE, usesFile } from '../../daemons/contract/egress/uses.ts';
import { isMissing } from '../../host/files.ts';

/** How often routes were used, by `routeKey`; `undefined` when what the bundle wrote cannot be read. */
export async function readUses(bottle: string): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const text = await readPlain(join(bottlePaths.audit(bottle), USES_FILE));
    const { uses } = usesFile.parse(JSON.parse(text));
    return new Map(uses.map(({ route, used }) => [route, used]));
  } catch (error) {
    // Nothing was used yet.
    return isMissing(error) ? new Map() : undefined;
  }
}

/** The bundle wrote it: no link is followed, and no pipe is waited for. */
async function readPlain(path: string): Promise<string> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > MAX_USES_BYTES) throw new Error('not a regular file of plausible size');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
