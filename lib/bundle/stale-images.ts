import { docker } from '../docker/cli.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { presentBaseImage } from '../docker/present-image.ts';
import { BUNDLE_REPOSITORY, bundleReference } from './image.ts';

/**
 * Returns references of bundle images that no container uses, running or not, and that the kit's current code
 * no longer builds: those of older versions and of replaced base images. A pipelock variant counts as its
 * bundle. Returns none while the engine has no base image, because the current reference is unknown then.
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
