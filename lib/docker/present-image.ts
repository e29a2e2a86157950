import { z } from 'zod';
import { BASE_IMAGE_PINS, type BaseImage } from './base-image-pins.ts';
import { dockerError, dockerTry } from './cli.ts';
import { STAND_IN_TAGS, standInRecipe } from './stand-ins/build.ts';
import { RECIPE_LABEL } from './stand-ins/recipe.ts';

export interface EnsuredImage {
  /** Reference for `FROM` in a Dockerfile or for `docker run`. */
  reference: string;
  /** Whether this is not the pinned image but an equivalent built from Debian and npm packages. */
  standIn: boolean;
}

export type ImageSource = 'registry' | 'stand-in';

/** One line of `docker image inspect`; the engine prints null for an empty list or map. */
const inspected = z.strictObject({
  digests: z.array(z.string()).nullable(),
  labels: z.record(z.string(), z.string()).nullable(),
});
const FORMAT = '{"digests":{{json .RepoDigests}},"labels":{{json .Config.Labels}}}';

/** Returns the pinned image if the engine has it, otherwise its stand-in if that has the current recipe. */
export async function presentBaseImage(
  name: BaseImage,
  only: ImageSource | undefined,
): Promise<EnsuredImage | undefined> {
  const pin = BASE_IMAGE_PINS[name];
  const tag = STAND_IN_TAGS[name];
  const args = ['image', 'inspect', '--format', FORMAT, pin, tag];
  const [result, recipe] = await Promise.all([dockerTry(args), standInRecipe(name)]);
  // If one of the two is missing, which is usual, docker reports an error.
  if (result.exitCode !== 0 && !/no such image/i.test(result.stderr)) throw dockerError(args, result);
  const found = result.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => inspected.parse(JSON.parse(line)));
  const digest = pin.slice(pin.indexOf('@'));
  const hasPinned = found.some(({ digests }) => digests?.some((known) => known.endsWith(digest)));
  if (hasPinned && only !== 'stand-in') return { reference: pin, standIn: false };
  const hasStandIn = found.some(({ labels }) => labels?.[RECIPE_LABEL] === recipe);
  if (hasStandIn && only !== 'registry') return { reference: tag, standIn: true };
  return undefined;
}
