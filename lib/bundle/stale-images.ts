import { docker } from '../docker/cli.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { presentBaseImage } from '../docker/present-image.ts';
import { BUNDLE_REPOSITORY, bundleReference } from './image.ts';

/**
 * References of the bundle images that no container was made from, running or not, and that the kit's present code makes
 * no more: those of its older versions, and of base images that were replaced. A variant with pipelock counts as its
 * bundle. None while the engine holds no base image, since it is not known then what the present one is called.
 */
export async function staleBundleImages(): Promise<string[]> {
  const base = await presentBaseImage('node', undefined);
  if (base === undefined) return [];
  const [present, images, used] = await Promise.all([
    bundleReference(base.reference),
    docker([
      'images',
      '--filter',
      `label=${KIND_LABEL}=bundle`,
      '--format',
      '{{.Repository}}:{{.Tag}}',
      BUNDLE_REPOSITORY,
    ]),
    docker(['ps', '--all', '--format', '{{.Image}}']),
  ]);
  const kept = new Set(used.split('\n'));
  return images
    .split('\n')
    .filter(
      (image) => image.startsWith(`${BUNDLE_REPOSITORY}:`) && !image.startsWith(present) && !kept.has(image),
    );
}
