import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseImageOptions, ensureBaseImage } from '../docker/base-images.ts';
import { buildImage, imageId } from '../docker/image.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { cacheDirectory } from '../host/directories.ts';
import { withLock } from '../host/lock.ts';

const SOURCE = join(import.meta.dirname, 'tool');
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** Returns the reference of the image for the tool's current source. */
export async function toolReference(): Promise<string> {
  const digest = createHash('sha256');
  for (const file of (await readdir(SOURCE)).toSorted()) {
    const content = await readFile(join(SOURCE, file));
    digest.update(`${file}\0${content.length}\0`).update(content);
  }
  return `bot-bottle-guest-tool:${digest.digest('hex').slice(0, 12)}`;
}

/**
 * Makes sure that the engine has the image whose only file is `/guest-tool`, the kit's program in the guest.
 * @returns its reference.
 */
export async function ensureToolImage(options: BaseImageOptions): Promise<string> {
  const reference = await toolReference();
  const build = async () => {
    if ((await imageId(reference)) !== undefined) return;
    const base = await ensureBaseImage('node', options);
    options.say('building the guest’s tool (once)');
    await buildImage({
      tag: reference,
      dockerfile: join(SOURCE, 'Dockerfile'),
      context: SOURCE,
      labels: { [KIND_LABEL]: 'guest-tool' },
      buildArguments: { BASE_IMAGE: base.reference },
      say: options.say,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  };
  if ((await imageId(reference)) === undefined) {
    await withLock(join(cacheDirectory(), 'locks', 'guest-tool.db'), build, { timeoutMs: BUILD_TIMEOUT_MS });
  }
  return reference;
}
