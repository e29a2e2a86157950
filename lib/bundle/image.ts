import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../bottle/lock.ts';
import { cacheDirectory } from '../bottle/paths.ts';
import { ensureBaseImage } from '../docker/base-images.ts';
import { buildImage, imageId } from '../docker/image.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { bundleContentDigest, stageBundleContext } from './context.ts';

const BUILD_TIMEOUT_MS = 10 * 60_000;

/** The bundle image for the kit's present code, built when there is none yet. Gives its reference. */
export async function ensureBundleImage(say: (line: string) => void, signal: AbortSignal): Promise<string> {
  const base = await ensureBaseImage('node', { say, signal });
  const [content, baseId] = await Promise.all([bundleContentDigest(), imageId(base.reference)]);
  const reference = `bot-bottle-sidecars:${content.slice(0, 12)}-${(baseId ?? '').replace('sha256:', '').slice(0, 12)}`;
  if ((await imageId(reference)) !== undefined) return reference;
  const lock = join(cacheDirectory(), 'locks', 'bundle-image.db');
  await withLock(lock, () => build(reference, base.reference, say, signal), { timeoutMs: BUILD_TIMEOUT_MS });
  return reference;
}

async function build(
  reference: string,
  base: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if ((await imageId(reference)) !== undefined) return;
  say('building the bundle image');
  const context = await mkdtemp(join(tmpdir(), 'bot-bottle-bundle-'));
  try {
    await stageBundleContext(context);
    await buildImage({
      tag: reference,
      dockerfile: join(context, 'Dockerfile'),
      context,
      labels: { [KIND_LABEL]: 'bundle' },
      buildArguments: { BASE_IMAGE: base },
      onLine: () => {},
      signal,
    });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
