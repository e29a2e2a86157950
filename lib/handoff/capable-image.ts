import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, imageConfig, imageId } from '../docker/image.ts';
import { BottleError, messageOf } from '../errors.ts';
import type { Capability } from '../plan/capability.ts';
import type { BootImage } from './boot-image.ts';

export interface CapableImageOptions {
  readonly agent: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Build even what the engine has. */
  readonly force: boolean;
}

/**
 * Adds approved lines to an agent's image, each approval as an image of its own, so that an error says which one it is.
 * Their build contexts are empty: nothing of the host can get in. The image's USER stays as it is.
 * @throws BottleError `image-unusable`, naming the proposal whose lines cannot be built.
 */
export async function ensureCapableImage(
  image: BootImage,
  capabilities: readonly Capability[],
  options: CapableImageOptions,
): Promise<BootImage> {
  let current = image;
  for (const capability of capabilities) {
    const text = dockerfile(current.reference, (await imageConfig(current.reference)).user, capability);
    const reference = referenceOf(current.id, capability);
    if (options.force || (await imageId(reference)) === undefined)
      await build(reference, text, capability, options);
    current = { reference, id: (await imageId(reference)) ?? '' };
  }
  return current;
}

/** Returns what `ensureCapableImage` would; `undefined` when the engine does not have all of it. */
export async function presentCapableImage(
  image: BootImage,
  capabilities: readonly Capability[],
): Promise<BootImage | undefined> {
  let current = image;
  for (const capability of capabilities) {
    const reference = referenceOf(current.id, capability);
    const id = await imageId(reference);
    if (id === undefined) return undefined;
    current = { reference, id };
  }
  return current;
}

/** The tag changes with the lines and what they are added to, and with nothing else. */
function referenceOf(baseId: string, { lines }: Capability): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([baseId, lines]))
    .digest('hex');
  return `bot-bottle-capable:${digest.slice(0, 12)}`;
}

function dockerfile(base: string, user: string, { lines }: Capability): string {
  return [`FROM ${base}`, 'USER 0', lines, `USER ${user === '' ? '0' : user}`, ''].join('\n');
}

async function build(
  tag: string,
  text: string,
  capability: Capability,
  { agent, say, signal }: CapableImageOptions,
): Promise<void> {
  const { id, bottle, by, lines } = capability;
  say(`adding the lines of ${id} to the image`);
  const context = await mkdtemp(join(tmpdir(), 'bot-bottle-capable-'));
  try {
    const path = join(context, 'Dockerfile');
    await writeFile(path, text);
    const common = { tag, context, labels: {}, buildArguments: {}, say };
    await buildImage({ ...common, dockerfile: path, signal });
  } catch (error) {
    signal.throwIfAborted();
    const isEngine = error instanceof BottleError && error.code !== 'engine-failed';
    if (isEngine) throw error;
    throw new BottleError(
      'image-unusable',
      `the lines of ${id}, which the agent of ${bottle} asked for and ${by} approved, cannot be built:\n${lines}\n${messageOf(error)}`,
      { hint: `Remove them: make capabilities AGENT=${agent} REMOVE=${id}`, cause: error },
    );
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
