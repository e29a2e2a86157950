import { createHash } from 'node:crypto';
import { docker } from '../docker/cli.ts';
import { imageId } from '../docker/image.ts';
import { labelArguments } from '../docker/labels.ts';
import { GUEST_TOOL } from '../guest/tool.ts';
import { ensureToolImage, toolReference } from '../guest/tool-image.ts';

export interface BootImage {
  reference: string;
  /** `sha256:…`; the cache key of what a guest boots from. */
  id: string;
}

export interface BootImageOptions {
  signal: AbortSignal;
  say: (line: string) => void;
  /** Build even if the engine has it. */
  force: boolean;
}

/**
 * Adds to the agent's image what makes it a guest's: the guest tool. smolvm runs the image's command as the
 * image's USER from its WORKDIR, before the guest is prepared; here, that is the tool, as root, doing nothing.
 */
export async function ensureBootImage(image: BootImage, options: BootImageOptions): Promise<BootImage> {
  const reference = await bootReference(image.id);
  const present = options.force ? undefined : await imageId(reference);
  if (present !== undefined) return { reference, id: present };
  const tool = await ensureToolImage(options);
  const args = ['build', '--force-rm', '--tag', reference, ...labelArguments('boot'), '-'];
  await docker(args, { input: dockerfile(image.reference, tool), signal: options.signal });
  return { reference, id: (await imageId(reference)) ?? '' };
}

/** Returns the reference of the boot image for an image of the agent, and the tool's current source. */
export async function bootReference(imageId: string): Promise<string> {
  const recipe = dockerfile(imageId, await toolReference());
  return `bot-bottle-boot:${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`;
}

function dockerfile(image: string, tool: string): string {
  return [
    `FROM ${image}`,
    `COPY --from=${tool} /guest-tool ${GUEST_TOOL}`,
    'USER root',
    'WORKDIR /',
    `ENTRYPOINT ${JSON.stringify([GUEST_TOOL, 'idle'])}`,
    'CMD []',
    '',
  ].join('\n');
}
