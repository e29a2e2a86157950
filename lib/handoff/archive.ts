import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { docker } from '../docker/cli.ts';
import { saveImage } from '../docker/image.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { artifactKey } from './artifact-cache.ts';

export interface ArchiveOptions {
  image: { reference: string; id: string };
  /** Directory for unfinished files. */
  workspace: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

/**
 * Saves an image as the tarball that `smolvm machine create --image` takes, without registry or packing. A
 * machine runs as the image's USER, who could not prepare the guest, so the image is saved with USER root.
 * The agent's own user is chosen for each session.
 */
export async function saveArchive(options: ArchiveOptions, path: string): Promise<void> {
  const { image, workspace, signal, say } = options;
  const tag = `bot-bottle-archive:${artifactKey(image.id)}`;
  const dockerfile = `FROM ${image.reference}\nUSER root\n`;
  await docker(['build', '--force-rm', '--tag', tag, '--label', `${KIND_LABEL}=archive`, '-'], {
    input: dockerfile,
    signal,
  });
  say(`saving ${image.reference}`);
  const partial = join(workspace, 'image.tar');
  await saveImage(tag, partial, signal);
  await rename(partial, path);
}
