import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBaseImage } from '../docker/base-images.ts';
import { buildImage, imageId } from '../docker/image.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { cacheDirectory } from '../host/directories.ts';
import { withLock } from '../host/lock.ts';
import { bundleContentDigest, stageBundleContext } from './context.ts';
import { assertPipelockImage, pipelockImage } from './pipelock-image.ts';

export const BUNDLE_REPOSITORY = 'bot-bottle-sidecars';

const BUILD_TIMEOUT_MS = 10 * 60_000;

type Say = (line: string) => void;

/** Builds the bundle image for the kit's current code unless it exists. Returns its reference. */
export async function ensureBundleImage(say: Say, signal: AbortSignal): Promise<string> {
  const base = await ensureBaseImage('node', { say, signal });
  const reference = await bundleReference(base.reference);
  if ((await imageId(reference)) !== undefined) return reference;
  await locked(() => build(reference, base.reference, say, signal));
  return reference;
}

/** Returns the reference of the bundle image that the kit's current code builds on this base. */
export async function bundleReference(base: string): Promise<string> {
  const [content, baseId] = await Promise.all([bundleContentDigest(), imageId(base)]);
  return `${BUNDLE_REPOSITORY}:${content.slice(0, 12)}-${(baseId ?? '').replace('sha256:', '').slice(0, 12)}`;
}

/**
 * Like `ensureBundleImage`, with pipelock's program in the image.
 * @throws BottleError `image-unavailable` when the engine does not have pipelock's image.
 */
export async function ensurePipelockBundleImage(say: Say, signal: AbortSignal): Promise<string> {
  const pipelock = await assertPipelockImage('');
  const bundle = await ensureBundleImage(say, signal);
  const context = join(import.meta.dirname, 'image');
  const dockerfile = join(context, 'pipelock.Dockerfile');
  const digest = createHash('sha256')
    .update(pipelock)
    .update(await readFile(dockerfile));
  const reference = `${bundle}-pipelock-${digest.digest('hex').slice(0, 12)}`;
  await locked(async () => {
    if ((await imageId(reference)) !== undefined) return;
    say('building the bundle image with pipelock');
    await buildImage({
      tag: reference,
      dockerfile,
      context,
      labels: { [KIND_LABEL]: 'bundle' },
      buildArguments: { BUNDLE_IMAGE: bundle, PIPELOCK_IMAGE: pipelockImage() },
      say,
      signal,
    });
  });
  return reference;
}

function locked(work: () => Promise<void>): Promise<void> {
  return withLock(join(cacheDirectory(), 'locks', 'bundle-image.db'), work, { timeoutMs: BUILD_TIMEOUT_MS });
}

async function build(reference: string, base: string, say: Say, signal: AbortSignal): Promise<void> {
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
      buildArguments: { BASE_IMAGE: base, ...runAs() },
      say,
      signal,
    });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/**
 * Returns the user that the daemons will run as (see `launch-spec.ts`). As another user they start more
 * slowly.
 */
function runAs(): { RUN_AS?: string } {
  return process.getuid && process.getgid ? { RUN_AS: `${process.getuid()}:${process.getgid()}` } : {};
}
