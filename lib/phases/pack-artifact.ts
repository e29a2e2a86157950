import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { saveArchive } from '../handoff/archive.ts';
import { artifactPath, hasArtifact, makeArtifact, partialDirectory } from '../handoff/artifact-cache.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { buildImage } from './build-image.ts';
import { type Phase, readAll } from './phase.ts';
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
    const [plan, { boot: image, committed }] = await readAll(context, prepare, buildImage);
    if (committed !== undefined) return committed;
    const { handoff, smolvm } = plan;
    if (context.force || !(await hasArtifact(image.id, handoff))) {
      const workspace = partialDirectory(context.slug);
      const markUndone = await context.willUndo({ kind: 'path', path: workspace });
      const options = { ...context, image, workspace };
      const { registryPack } = await import('../handoff/registry-pack.ts');
      await makeArtifact(image.id, {
        handoff,
        force: context.force,
        workspace,
        onWait: () => context.say('another launch is packing the same image; waiting for it'),
        make: (path) =>
          handoff === 'archive'
            ? saveArchive(options, path)
            : registryPack({ ...options, client: new SmolvmClient(smolvm) }, path),
      });
      await markUndone();
    }
    const path = artifactPath(image.id, handoff);
    return { kind: handoff === 'archive' ? 'archive' : 'artifact', path, bytes: (await stat(path)).size };
  },

  async isAlive(context, { path, bytes }) {
    const [{ handoff }, { boot, committed }] = await readAll(context, prepare, buildImage);
    const found = await stat(path).catch(() => undefined);
    return path === (committed?.path ?? artifactPath(boot.id, handoff)) && found?.size === bytes;
  },

  describe: ({ path, bytes }) => `${path} (${(bytes / 1024 ** 2).toFixed(0)} MiB)`,
};
