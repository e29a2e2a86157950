import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import { BottleError } from '../errors.ts';
import { dockerfileOf } from '../manifest/dockerfile.ts';
import type { Manifest } from '../manifest/types.ts';
import type { Plan } from '../plan/schema.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';

export interface ImageRequest {
  slug: string;
  manifest: Manifest;
  provider: LoadedProvider;
  /** The operator's working directory; relative paths in manifests start here. */
  cwd: string;
}

/**
 * Returns the source of the agent's image, the first that exists of: `BOT_BOTTLE_IMAGE`, the Dockerfile in
 * this bottle's state directory, the one in the manifest, the provider's.
 * @throws BottleError `manifest-invalid` when there is none.
 */
export function imageSource({ slug, manifest, provider, cwd }: ImageRequest): Plan['image'] {
  const reference = process.env.BOT_BOTTLE_IMAGE;
  if (reference) return { kind: 'reference', reference };
  const own = dockerfileOf(manifest, cwd);
  const usual = own ?? provider.dockerfile;
  const override = bottlePaths.dockerfile(slug);
  const common = { kind: 'dockerfile', repository: provider.image, extraCa: own === undefined } as const;
  if (existsSync(override)) {
    // Never the state directory itself, which holds the bottle's CA: the context may end up in the image.
    const context = usual === undefined ? dirname(bottlePaths.prompt(slug)) : dirname(usual);
    return { ...common, dockerfile: override, context };
  }
  if (usual !== undefined) {
    if (existsSync(usual)) return { ...common, dockerfile: usual, context: dirname(usual) };
    throw new BottleError('manifest-invalid', `the Dockerfile ${usual} does not exist`, {
      hint: `Correct agent_provider.dockerfile in ${fileOf(manifest)}, or create that file.`,
    });
  }
  throw new BottleError('manifest-invalid', `${fileOf(manifest)}: agent_provider.dockerfile is missing`, {
    hint: `The template '${provider.template}' has no image of its own: name a Dockerfile, or set BOT_BOTTLE_IMAGE.`,
  });
}

function fileOf(manifest: Manifest): string {
  return manifest.origins.agent_provider?.file ?? manifest.bottles[0].file;
}
