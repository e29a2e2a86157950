import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../host/directories.ts';
import { withLock } from '../../host/lock.ts';
import type { BaseImage } from '../base-image-pins.ts';
import { dockerTry } from '../cli.ts';
import { buildImage, imageId, imageLabel } from '../image.ts';
import { KIND_LABEL } from '../labels.ts';
import { buildDebian } from './debian/build.ts';
import { addNodeToContext } from './node-context.ts';
import { NODE_PACKAGES, NODE_VERSION, NPM_PACKAGE } from './pins.ts';
import { RECIPE_LABEL, recipeDigest } from './recipe.ts';

/** Tags of the stand-ins, with the version of what they replace. */
export const STAND_IN_TAGS: Readonly<Record<BaseImage | 'debian', string>> = {
  debian: 'bot-bottle-stand-in/debian:bookworm',
  node: `bot-bottle-stand-in/node:${NODE_VERSION}`,
  registry: 'bot-bottle-stand-in/registry:2.8',
  crane: 'bot-bottle-stand-in/crane:1',
};

/** Returns the recipe digest that a current stand-in has in its label. */
export async function standInRecipe(name: BaseImage | 'debian'): Promise<string> {
  if (name === 'debian') return recipeDigest(['debian'], null);
  const pins = name === 'node' ? [NODE_PACKAGES[process.arch], NPM_PACKAGE] : null;
  return recipeDigest(['debian', name], pins);
}

/**
 * Builds and tags a stand-in, and the Debian image below it if missing. The caller holds the stand-in's lock.
 */
export async function buildStandIn(
  name: BaseImage,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  await inScratch(name, async (scratch) => {
    const context = join(scratch, 'context');
    await cp(join(import.meta.dirname, name), context, { recursive: true });
    await bothEnded([
      ensureDebian(scratch, signal),
      ...(name === 'node' ? [addNodeToContext(context, scratch, signal)] : []),
    ]);
    const tag = STAND_IN_TAGS[name];
    const replaced = await imageId(tag);
    await buildImage({
      tag,
      dockerfile: join(context, 'Dockerfile'),
      context,
      labels: { [KIND_LABEL]: 'stand-in', [RECIPE_LABEL]: await standInRecipe(name) },
      buildArguments: {
        DEBIAN: STAND_IN_TAGS.debian,
        ...(name === 'node' ? { NODE_VERSION } : {}),
      },
      say,
      ...(signal === undefined ? {} : { signal }),
    });
    await removeStale(replaced, tag);
  });
}

async function ensureDebian(scratch: string, signal?: AbortSignal): Promise<void> {
  const tag = STAND_IN_TAGS.debian;
  const recipe = await standInRecipe('debian');
  await withLock(
    join(cacheDirectory(), 'locks', 'stand-in-debian.lock'),
    async () => {
      if ((await imageLabel(tag, RECIPE_LABEL)) === recipe) return;
      const root = join(scratch, 'debian');
      await mkdir(root);
      const replaced = await imageId(tag);
      await buildDebian({ tag, recipeLabel: `${RECIPE_LABEL}=${recipe}`, scratch: root, signal });
      await removeStale(replaced, tag);
    },
    signal === undefined ? {} : { signal },
  );
}

/** Unlike Promise.all, fails only after nothing writes to the scratch directory any longer. */
async function bothEnded(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** Removes an image that lost its tag to a rebuild, unless other images are based on it. */
async function removeStale(replaced: string | undefined, tag: string): Promise<void> {
  if (replaced !== undefined && replaced !== (await imageId(tag))) await dockerTry(['image', 'rm', replaced]);
}

/**
 * Runs `work` in a directory that only the holder of the stand-in's lock uses, after removing the remains of
 * a killed build. Below the cache directory, because /tmp may be a small tmpfs.
 */
async function inScratch(name: BaseImage, work: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = join(cacheDirectory(), 'stand-ins', name);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
