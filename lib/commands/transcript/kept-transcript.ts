import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { bottlePaths } from '../../bottle/paths.ts';
import { isMissing } from '../../host/files.ts';
import { withLock } from '../../host/lock.ts';

/**
 * Makes a new transcript in a folder of its own, and puts it in the place of the last one when `fill` has succeeded. Only one
 * process does so at a time.
 * @param fill fills the folder; `last` is that of the last one, which need not exist.
 */
export async function replaceTranscript(
  slug: string,
  fill: (folder: string, last: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await withLock(
    bottlePaths.transcriptLock(slug),
    async () => {
      const { kept, fresh, old } = places(slug);
      await recover(slug);
      await rm(fresh, { recursive: true, force: true });
      try {
        await mkdir(fresh, { mode: 0o700 });
        await fill(fresh, kept);
        await moveIfThere(kept, old);
        await rename(fresh, kept);
        await rm(old, { recursive: true, force: true });
      } finally {
        await rm(fresh, { recursive: true, force: true });
      }
    },
    { signal },
  );
}

/** Returns the folder of the transcript, which need not exist, whole also when a process died that was replacing it. */
export async function keptTranscript(slug: string, signal: AbortSignal): Promise<string> {
  const { kept, old } = places(slug);
  if (existsSync(old)) await withLock(bottlePaths.transcriptLock(slug), () => recover(slug), { signal });
  return kept;
}

function places(slug: string) {
  const kept = bottlePaths.transcript(slug);
  return { kept, fresh: `${kept}.partial`, old: `${kept}.old` };
}

/** Puts back what was moved away when its successor was not moved in. */
async function recover(slug: string): Promise<void> {
  const { kept, old } = places(slug);
  try {
    // A folder that is not empty is not replaced.
    await rename(old, kept);
  } catch (error) {
    if (!isMissing(error)) await rm(old, { recursive: true, force: true });
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}
