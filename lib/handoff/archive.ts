import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { saveImage } from '../docker/image.ts';

export interface ArchiveOptions {
  image: { reference: string };
  /** Directory for unfinished files. */
  workspace: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

/** Saves an image as the tarball that `smolvm machine create --image` takes, without registry or packing. */
export async function saveArchive(options: ArchiveOptions, path: string): Promise<void> {
  const { image, workspace, signal, say } = options;
  say(`saving ${image.reference}`);
  const partial = join(workspace, 'image.tar');
  await saveImage(image.reference, partial, signal);
  await rename(partial, path);
}
