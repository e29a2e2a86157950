import { stat, utimes } from 'node:fs/promises';
import { z } from 'zod';
import { saveArchive } from '../handoff/archive.ts';
import { artifactPath, hasArtifact, makeArtifact, partialDirectory } from '../handoff/artifact-cache.ts';
import type { RegistryPackOptions } from '../handoff/registry-pack.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { type AgentImage, buildImage } from './build-image.ts';
import { type Phase, type PhaseContext, readAll } from './phase.ts';
import { prepare } from './prepare.ts';

const artifact = z.strictObject({
  /** `artifact`: for `machine create --from`; `archive`: for `--image`. */
  kind: z.enum(['artifact', 'archive']),
  path: z.string(),
  bytes: z.number().int().positive(),
});
export type Artifact = z.infer<typeof artifact>;

/** Turns the image into what a guest boots from, once per image for all bottles. */
export const packArtifact: Phase<Artifact> = {
  name: 'pack-artifact',
  summary: 'turn the image into what a guest boots from, unless the cache has it',
  needs: [prepare, buildImage],
  record: artifact,
  durable: true,

  async run(context) {
    const [{ handoff, smolvm }, { boot: image, committed }] = await readAll(context, prepare, buildImage);
    if (committed !== undefined && bootsDirectly(committed, smolvm.tier)) return committed;
    if (context.force || !(await hasArtifact(image.id, handoff))) {
      const workspace = partialDirectory(context.slug);
      const markUndone = await context.willUndo({ kind: 'path', path: workspace });
      const options = { ...context, image, workspace, client: new SmolvmClient(smolvm) };
      await makeArtifact(image.id, {
        handoff,
        force: context.force,
        workspace,
        onWait: () => context.say('another launch is packing the same image; waiting for it'),
        make: (path) => make(options, committed, handoff === 'archive', path),
      });
      await markUndone();
    }
    const path = artifactPath(image.id, handoff);
    // `cleanup` removes first what was not used for longest.
    await utimes(path, new Date(), new Date());
    return { kind: handoff === 'archive' ? 'archive' : 'artifact', path, bytes: (await stat(path)).size };
  },

  async isAlive(context, { path, bytes }) {
    const [{ handoff, smolvm }, { boot, committed }] = await readAll(context, prepare, buildImage);
    const isDirect = committed !== undefined && bootsDirectly(committed, smolvm.tier);
    const found = await stat(path).catch(() => undefined);
    return path === (isDirect ? committed.path : artifactPath(boot.id, handoff)) && found?.size === bytes;
  },

  describe: ({ path, bytes }) => `${path} (${(bytes / 1024 ** 2).toFixed(0)} MiB)`,
};

type CommittedFile = NonNullable<AgentImage['committed']>;

/** In the alias tier, an archive would boot with the whole network. */
function bootsDirectly({ kind }: CommittedFile, tier: 'alias' | 'socket'): boolean {
  return kind === 'artifact' || tier === 'socket';
}

async function make(
  options: PhaseContext & RegistryPackOptions,
  committed: CommittedFile | undefined,
  isArchive: boolean,
  path: string,
): Promise<void> {
  if (isArchive) return saveArchive(options, path);
  const { packTarball, registryPack } = await import('../handoff/registry-pack.ts');
  return committed === undefined ? registryPack(options, path) : packTarball(options, committed.path, path);
}
