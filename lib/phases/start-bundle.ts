import { z } from 'zod';
import { assertPublished } from '../bundle/assert-published.ts';
import { stageGitFiles } from '../bundle/git-files.ts';
import { awaitHealthy, isHealthy } from '../bundle/health.ts';
import { runArguments } from '../bundle/launch-spec.ts';
import { isAtLastPorts, lastPorts } from '../bundle/published-ports.ts';
import { bundleSecrets, bundleSecretVariables } from '../bundle/secrets.ts';
import { daemonPort } from '../daemons/contract/daemons.ts';
import { dockerError, dockerTry } from '../docker/cli.ts';
import { findContainer, hostPortOf, removeContainer } from '../docker/container.ts';
import { engineSecurity } from '../docker/engine/security.ts';
import { agentFacing } from '../plan/agent-facing.ts';
import { writeRoutesOfNewBundle } from '../supervise/new-bundle.ts';
import { allocate } from './allocate.ts';
import { mintCerts } from './mint-certs.ts';
import { mintKeys } from './mint-keys.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';

const bundle = z.strictObject({
  container: z.string(),
  id: z.string(),
  image: z.string(),
  address: z.ipv4(),
});
export type Bundle = z.infer<typeof bundle>;

const PORT_TRIES = 5;

/** Starts the container that is the guest's only way out, and waits until its daemons are healthy. */
export const startBundle: Phase<Bundle> = {
  name: 'start-bundle',
  summary: 'build the bundle image if needed, start the bundle, and wait until its daemons are healthy',
  needs: [prepare, allocate, mintCerts, mintKeys],
  record: bundle,
  durable: false,

  secrets: bundleSecretVariables,

  async run(context) {
    const [plan, allocation, certs] = await readAll(context, prepare, allocate, mintCerts);
    const { ensureBundleImage, ensurePipelockBundleImage } = await import('../bundle/image.ts');
    const ensureImage = plan.daemons.includes('pipelock') ? ensurePipelockBundleImage : ensureBundleImage;
    const image = await ensureImage(context.say, context.signal);
    const container = plan.names.bundle;
    // Before the container: what is undone last is what it was using.
    await stageGitFiles(plan, context.willUndo);
    await context.willUndo({ kind: 'container', name: container });
    await removeContainer(container, 0);
    await writeRoutesOfNewBundle(context.slug);
    const security = await engineSecurity(context.signal);
    const spec = { plan, allocation, certs, image, security };
    const ports = await lastPorts(context.slug);
    const args = await runArguments(spec);
    const atLastPorts = ports.size === 0 ? args : await runArguments({ ...spec, ports });
    const id = await runBundle(container, [atLastPorts, args], await bundleSecrets(plan));
    await awaitHealthy(container, context.signal);
    const started = await findContainer(container);
    const address = started?.addresses[allocation.network];
    for (const daemon of agentFacing(plan)) {
      const port = started && hostPortOf(started, daemonPort(daemon), allocation.alias);
      if (port !== undefined) await assertPublished({ host: allocation.alias, port }, context.signal);
    }
    return bundle.parse({ container, id, image, address });
  },

  async isAlive({ slug }, { container, id }) {
    const found = await findContainer(container);
    if (found?.running !== true || found.id !== id || !(await isAtLastPorts(slug, found))) return false;
    return isHealthy(container);
  },

  describe: ({ container }) => container,
};

/**
 * Retries when another program takes a host port between the engine picking it and binding it, or has taken one of an
 * earlier bundle: without those.
 */
async function runBundle(
  container: string,
  [earlier, anew]: readonly [earlier: readonly string[], anew: readonly string[]],
  env: Record<string, string>,
): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const args = tries === 1 ? earlier : anew;
    const result = await dockerTry(args, { env });
    if (result.exitCode === 0) return result.stdout.trim();
    if (tries === PORT_TRIES || !/address already in use|port is already allocated/i.test(result.stderr)) {
      throw dockerError(args, result);
    }
    await removeContainer(container, 0);
  }
}
