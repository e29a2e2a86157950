import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { cacheDirectory } from '../host/directories.ts';
import { withLock } from '../host/lock.ts';
import { BASE_IMAGE_PINS, type BaseImage } from './base-image-pins.ts';
import { canInstallDebianPackages } from './debian-host.ts';
import { type EnsuredImage, type ImageSource, presentBaseImage } from './present-image.ts';
import { pullPinned } from './pull.ts';
import { buildStandIn, STAND_IN_TAGS } from './stand-ins/build.ts';
import { noteRegistryAsked, registryAskedToday } from './stand-ins/registry-asked.ts';

export type { BaseImage, EnsuredImage };

export interface BaseImageOptions {
  /** Called with progress lines when an image must be pulled or built. */
  say: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Makes sure that the engine has a base image: the pinned one if a registry is reachable, otherwise a
 * stand-in, for which the registry is tried again once a day. Concurrent callers, in any process, build it
 * only once. `BOT_BOTTLE_BASE_IMAGES=registry|stand-in` forces one kind.
 * @throws BottleError `image-unavailable` when neither is possible; also `usage`, `disk-full`,
 * `engine-missing` and `engine-failed`.
 */
export async function ensureBaseImage(name: BaseImage, options: BaseImageOptions): Promise<EnsuredImage> {
  const only = forcedSource();
  const settled = await settledImage(name, only);
  if (settled !== undefined) return settled;
  return withLock(
    join(cacheDirectory(), 'locks', `base-image-${name}.lock`),
    async () => (await settledImage(name, only)) ?? (await obtain(name, only, options)),
    {
      onWait: () => options.say(`waiting for another run that is getting the ${name} base image`),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  );
}

/** Returns the image that the engine has, unless it is a stand-in and the registry is due for another try. */
async function settledImage(
  name: BaseImage,
  only: ImageSource | undefined,
): Promise<EnsuredImage | undefined> {
  const present = await presentBaseImage(name, only);
  if (present?.standIn && only === undefined && !(await registryAskedToday(name))) return undefined;
  return present;
}

function forcedSource(): ImageSource | undefined {
  const value = process.env.BOT_BOTTLE_BASE_IMAGES;
  if (value === undefined || value === '') return undefined;
  if (value === 'registry' || value === 'stand-in') return value;
  throw new BottleError('usage', `BOT_BOTTLE_BASE_IMAGES is '${value}'`, {
    hint: "Set it to 'registry' or 'stand-in', or unset it.",
  });
}

async function obtain(
  name: BaseImage,
  only: ImageSource | undefined,
  { say, signal }: BaseImageOptions,
): Promise<EnsuredImage> {
  const pin = BASE_IMAGE_PINS[name];
  if (only !== 'stand-in') {
    // Recorded before the pull: if it throws (full disk), later launches can still use an existing stand-in.
    await noteRegistryAsked(name);
    const refusal = await pullPinned(pin, say, signal);
    if (refusal === undefined) return { reference: pin, standIn: false };
    if (only === 'registry') throw unavailable(pin, refusal);
    const standIn = await presentBaseImage(name, only);
    if (standIn !== undefined) return standIn;
    if (!(await canInstallDebianPackages())) throw unavailable(pin, refusal);
  } else if (!(await canInstallDebianPackages())) {
    throw unavailable(pin, 'stand-ins can only be built on Debian, as root');
  }
  const original = pin.replace(/@.*/, '');
  const why = only === 'stand-in' ? 'as asked' : 'no container registry can be reached';
  say(`${why}: building a stand-in for ${original} from Debian's and npm's packages (about a minute, once)`);
  const start = performance.now();
  await buildStandIn(name, say, signal);
  say(`the stand-in for ${original} is ready (${Math.round((performance.now() - start) / 1000)} s)`);
  return { reference: STAND_IN_TAGS[name], standIn: true };
}

function unavailable(pin: string, why: string): BottleError {
  return new BottleError('image-unavailable', `the image ${pin} is not available: ${why}`, {
    hint: 'Give this machine access to the registry, or `docker load` the image; on Debian, as root, the kit builds a stand-in.',
  });
}
