import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { proposalFile, queueFile } from '../contract/supervise/queue-files.ts';

/** Milliseconds after which nobody is still writing a temporary file. */
const ABANDONED_MS = 60_000;

/** Removes what killed processes left: temporary files, and decisions whose proposal is gone. */
export async function tidy(directory: string): Promise<void> {
  const names = await readdir(directory);
  const present = new Set(names);
  for (const name of names) {
    const file = queueFile(name);
    const path = join(directory, name);
    const isOrphan = file?.kind === 'decision' && !present.has(proposalFile(file.id));
    if (isOrphan || (file?.kind === 'temporary' && (await isAbandoned(path))))
      await rm(path, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const { mtimeMs } = await lstat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > ABANDONED_MS;
}
