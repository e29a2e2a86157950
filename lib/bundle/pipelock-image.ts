import { imageId } from '../docker/image.ts';
import { BottleError } from '../errors.ts';

/** The version that the original used behind egress, and whose configuration format the kit writes. */
const PIPELOCK_IMAGE = 'ghcr.io/luckypipewrench/pipelock:2.3.0';

/** Returns the image that `/pipelock` is copied from: `BOT_BOTTLE_PIPELOCK_IMAGE`, or the image of 2.3.0. */
export function pipelockImage(): string {
  return process.env.BOT_BOTTLE_PIPELOCK_IMAGE || PIPELOCK_IMAGE;
}

/**
 * Returns the id of pipelock's image. Never pulls it and has no stand-in: pipelock sees every token, so the
 * operator must choose the program.
 * @param where position of the manifest's key, for the message; empty when unknown.
 * @throws BottleError `image-unavailable` when the engine does not have the image.
 */
export async function assertPipelockImage(
  where: string,
  find: (reference: string) => Promise<string | undefined> = imageId,
): Promise<string> {
  const reference = pipelockImage();
  const id = await find(reference);
  if (id !== undefined) return id;
  throw new BottleError(
    'image-unavailable',
    `egress.pipelock${where} asks for pipelock, but the engine does not have its image ${reference}`,
    {
      hint: `Run \`docker pull ${reference}\`, name another image as BOT_BOTTLE_PIPELOCK_IMAGE, or remove the key.`,
    },
  );
}
