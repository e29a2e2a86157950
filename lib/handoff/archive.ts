import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { saveImage } from '../docker/image.ts';
import { mendSavedArchive } from './saved-archive.ts';

export interface ArchiveOptions {
  image: { reference: string };
  /** Directory for unfinished files. */
  workspace: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

/** Saves an image as the tarball that `smolvm machine create --image` takes, without registry or packing. */
export async function saveArchive(options: ArchiveOptions, path: string): Promise<void> {
  await rename(await saveBootable(options), path);
}

/** Saves an image to the workspace, as a tarball that smolvm and crane can read. @returns its path. */
export async function saveBootable({ image, workspace, signal, say }: ArchiveOptions): Promise<string> {
  const path = join(workspace, 'image.tar');
  say(`saving ${image.reference}`);
  await saveImage(image.reference, path, signal);
  await mendSavedArchive(path, image.reference, signal);
  return path;
}
