import { lstat, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { proposalFile, queueFile } from '../contract/supervise/queue-files.ts';

/** Milliseconds after which nobody is still writing a temporary file. */
const ABANDONED_MS = 60_000;

/** Entries of the directory that are looked at; the next start goes on. */
const MAX_FILES = 2000;

/** Removes what killed processes left: temporary files, and decisions whose proposal is gone. */
export async function tidy(directory: string): Promise<void> {
  let looked = 0;
  for await (const { name } of await opendir(directory)) {
    looked += 1;
    if (looked > MAX_FILES) return;
    const file = queueFile(name);
    const path = join(directory, name);
    const isOrphan = file?.kind === 'decision' && !(await exists(join(directory, proposalFile(file.id))));
    if (isOrphan || (file?.kind === 'temporary' && (await isAbandoned(path))))
      await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function isAbandoned(path: string): Promise<boolean> {
  const { mtimeMs } = await lstat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > ABANDONED_MS;
}
