import { imageId } from '../docker/image.ts';
import { BottleError } from '../errors.ts';

/** The version that the original chained behind egress, and whose configuration the kit writes. */
const PIPELOCK_IMAGE = 'ghcr.io/luckypipewrench/pipelock:2.3.0';

/** Where pipelock's program comes from: `/pipelock` of the image that `BOT_BOTTLE_PIPELOCK_IMAGE` names, or of 2.3.0. */
export function pipelockImage(): string {
  return process.env.BOT_BOTTLE_PIPELOCK_IMAGE || PIPELOCK_IMAGE;
}

/**
 * The id of pipelock's image. Never pulls: what reads every token is for the operator to choose, and there is no
 * stand-in for a program that has to be trusted with them.
 * @param where the place of the manifest's key, for the message; empty when it is not known.
 * @throws BottleError `image-unavailable` when the engine does not hold it.
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
    `egress.pipelock${where} asks for pipelock, and the engine does not have its image ${reference}`,
    {
      hint: `Run \`docker pull ${reference}\`, name another image as BOT_BOTTLE_PIPELOCK_IMAGE, or remove the key.`,
    },
  );
}
