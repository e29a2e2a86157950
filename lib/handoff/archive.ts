import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { docker } from '../docker/cli.ts';
import { saveImage } from '../docker/image.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { artifactKey } from './artifact-cache.ts';

export interface ArchiveOptions {
  image: { reference: string; id: string };
  /** Directory for what is half made. */
  workspace: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

/**
 * Saves an image as the tarball that `smolvm machine create --image` takes: no registry, no packing. A machine made
 * from it runs as the image's USER, who could not ready the guest; so what is saved is the same image as root. The
 * agent's own user is chosen at each session.
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
