import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../bottle/lock.ts';
import { cacheDirectory } from '../bottle/paths.ts';

/** Another launch that packs the same image is waited for this long: a big image on a slow disk takes minutes. */
const PACK_TIMEOUT_MS = 30 * 60_000;

export function artifactDirectory(): string {
  return join(cacheDirectory(), 'smolmachines');
}

/** Where the artifact of an image stands: named by the first 16 hex digits of the image's id. */
export function artifactPath(imageId: string): string {
  return join(artifactDirectory(), `${artifactKey(imageId)}.smolmachine.smolmachine`);
}

export function artifactKey(imageId: string): string {
  return imageId.replace('sha256:', '').slice(0, 16);
}

export async function hasArtifact(imageId: string): Promise<boolean> {
  const found = await stat(artifactPath(imageId)).catch(() => undefined);
  return found?.isFile() ?? false;
}

export interface PackWorkspace {
  /** Directory for tarballs and half-made artifacts; gone afterwards, whatever happens. */
  directory: string;
  /** What `smolvm pack create --output` is to be given. */
  launcher: string;
}

/**
 * Makes the artifact of an image once, whoever asks how often. The pair is packed in a directory of its own and
 * renamed into place whole, the artifact last: an interrupted pack leaves nothing that looks like an artifact.
 */
export async function makeArtifact(
  imageId: string,
  options: {
    force: boolean;
    workspace: string;
    pack: (workspace: PackWorkspace) => Promise<void>;
    onWait: () => void;
  },
): Promise<string> {
  const key = artifactKey(imageId);
  const lock = join(artifactDirectory(), `${key}.lock.db`);
  const work = async () => {
    if (!options.force && (await hasArtifact(imageId))) return;
    await rm(options.workspace, { recursive: true, force: true });
    await mkdir(options.workspace, { recursive: true, mode: 0o700 });
    try {
      const launcher = join(options.workspace, `${key}.smolmachine`);
      await options.pack({ directory: options.workspace, launcher });
      await rename(launcher, join(artifactDirectory(), `${key}.smolmachine`));
      await rename(`${launcher}.smolmachine`, artifactPath(imageId));
    } finally {
      await rm(options.workspace, { recursive: true, force: true });
    }
  };
  await withLock(lock, work, { timeoutMs: PACK_TIMEOUT_MS, onWait: options.onWait });
  return artifactPath(imageId);
}
