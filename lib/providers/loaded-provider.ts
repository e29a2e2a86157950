import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { providerSchema } from './provider-schema.ts';

/** A provider with its defaults filled in, and what its place says of it. */
export interface LoadedProvider extends z.output<typeof providerSchema> {
  /** The name by which bottles choose it. */
  readonly template: string;
  /** Repository of the images that are built for it. */
  readonly image: string;
  /** Absolute path of the Dockerfile to use when the bottle names none. */
  readonly dockerfile?: string;
}

/** Combines a checked provider with the folder that it came from. */
export async function loadedFrom(
  folder: string,
  template: string,
  provider: z.output<typeof providerSchema>,
): Promise<LoadedProvider> {
  const dockerfile = join(folder, 'Dockerfile');
  const hasDockerfile = await access(dockerfile).then(
    () => true,
    () => false,
  );
  return {
    ...provider,
    template,
    image: `bot-bottle-${template.toLowerCase()}`,
    ...(hasDockerfile ? { dockerfile } : {}),
  };
}
