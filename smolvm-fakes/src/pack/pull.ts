import { createHash } from 'node:crypto';
import { openLayer, type RemoteImage } from '../registry/client.ts';
import type { ImageReference } from '../registry/reference.ts';
import { END_OF_ARCHIVE, layerEntries } from './merge.ts';
import { Spool } from './spool.ts';

/** An image's root filesystem as one tar file. */
export interface FlatImage {
  readonly digest: string;
  readonly spool: Spool;
}

/** Pulls all layers of an image into one tar; memory stays bounded, each layer's digest is verified. */
export async function pullFlat(reference: ImageReference, image: RemoteImage): Promise<FlatImage> {
  const spool = new Spool('layer');
  try {
    for (const layer of image.layers) {
      await spool.append(layerEntries(await openLayer(reference, layer)));
    }
    await spool.append([END_OF_ARCHIVE]);
    return { digest: flatDigest(image), spool };
  } catch (error) {
    spool[Symbol.dispose]();
    throw error;
  }
}

function flatDigest(image: RemoteImage): string {
  const [first, ...more] = image.layers;
  if (first !== undefined && more.length === 0) return first.digest;
  return `sha256:${createHash('sha256').update(`merged-${image.configDigest}`).digest('hex')}`;
}
