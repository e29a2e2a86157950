import { createHash } from 'node:crypto';
import type { Profile } from '../profile.ts';
import { openLayer, type RemoteImage } from '../registry/client.ts';
import type { ImageReference } from '../registry/reference.ts';
import { flatten } from '../tar/flatten.ts';
import { END_OF_ARCHIVE, layerEntries } from '../tar/merge.ts';
import { Spool } from '../tar/spool.ts';
import type { FileRange } from '../tar/tar-index.ts';

/** An image's root filesystem as one tar file. */
export interface FlatImage {
  readonly digest: string;
  readonly spool: Spool;
}

/** Pulls all layers of an image into one tar, in bounded memory. Verifies each layer's digest. */
export async function pullFlat(
  reference: ImageReference,
  image: RemoteImage,
  profile: Pick<Profile, 'whiteouts'>,
): Promise<FlatImage> {
  const spool = new Spool('layer');
  try {
    if (profile.whiteouts && image.layers.length > 1) {
      await appendVisible(spool, reference, image);
    } else {
      for (const layer of image.layers) {
        await spool.append(layerEntries(await openLayer(reference, layer)));
      }
      await spool.append([END_OF_ARCHIVE]);
    }
    return { digest: flatDigest(image), spool };
  } catch (error) {
    spool[Symbol.dispose]();
    throw error;
  }
}

/** A deleted file that a hard link still needs reappears: it cannot be removed from a tar to be packed. */
async function appendVisible(spool: Spool, reference: ImageReference, image: RemoteImage): Promise<void> {
  using open = new DisposableStack();
  const files: FileRange[] = [];
  for (const layer of image.layers) {
    const file = open.use(new Spool('part'));
    await file.append(await openLayer(reference, layer));
    files.push({ descriptor: file.descriptor, start: 0, end: file.size });
  }
  await spool.append(flatten(files).chunks());
}

function flatDigest(image: RemoteImage): string {
  const [first, ...more] = image.layers;
  if (first !== undefined && more.length === 0) return first.digest;
  return `sha256:${createHash('sha256').update(`merged-${image.configDigest}`).digest('hex')}`;
}
