import { chmod, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UndoAction } from '../bottle/journal.ts';
import { ensureBaseImage } from '../docker/base-images.ts';
import { bindMount } from '../docker/bind-mount.ts';
import { docker, dockerTry } from '../docker/cli.ts';
import { findContainer, hostPortOf, removeContainer } from '../docker/container.ts';
import { engineSecurity, withFilesOfHost } from '../docker/engine/security.ts';
import { labelArguments } from '../docker/labels.ts';
import { removeNetwork } from '../docker/network.ts';
import { BottleError } from '../errors.ts';
import type { SmolvmClient } from '../smolvm/client.ts';
import { saveBootable } from './archive.ts';
import { artifactKey } from './artifact-cache.ts';

export interface RegistryPackOptions {
  slug: string;
  image: { reference: string; id: string };
  client: SmolvmClient;
  /** Directory for unfinished files. */
  workspace: string;
  signal: AbortSignal;
  say: (line: string) => void;
  willUndo: (action: UndoAction) => Promise<() => Promise<void>>;
}

const REGISTRY_PORT = 5000;
const REGISTRY_TIMEOUT_MS = 20_000;

/** Turns an image of the engine into a `.smolmachine` pair, as `packTarball` does. */
export async function registryPack(options: RegistryPackOptions, path: string): Promise<void> {
  await packTarball(options, await saveBootable(options), path);
}

/**
 * Turns the tarball of an image into a `.smolmachine` pair. smolvm only packs from registries, so the tarball is pushed
 * by a one-shot container into a temporary registry on a private network, and pulled by smolvm through the registry's
 * loopback port. Removes all three afterward.
 */
export async function packTarball(
  options: RegistryPackOptions,
  tarball: string,
  path: string,
): Promise<void> {
  const { slug, image, client, workspace, signal, say } = options;
  // crane's image has a user of its own, and `docker save` writes for nobody but us. The directory stays ours.
  await chmod(tarball, 0o644);
  const base = { say, signal };
  const [registry, crane] = await Promise.all([
    ensureBaseImage('registry', base),
    ensureBaseImage('crane', base),
  ]);
  const repository = `bot-bottle:${artifactKey(image.id)}`;
  // Newer versions of smolvm refuse a name with the ending that they add for the second file.
  const packed = join(workspace, 'packed');
  await withRegistry(registry.reference, options, async ({ network, name, port }) => {
    say('pushing the image to a temporary registry');
    const pusher = `bot-bottle-push-${slug}`;
    await options.willUndo({ kind: 'container', name: pusher });
    await removeContainer(pusher, 0);
    const run = [
      'run',
      '--rm',
      '--name',
      pusher,
      '--network',
      network,
      ...labelArguments('push', slug),
      ...withFilesOfHost(await engineSecurity(signal)),
      ...bindMount(tarball, '/image.tar', 'readonly'),
    ];
    const push = ['push', '--insecure', '/image.tar', `${name}:${REGISTRY_PORT}/${repository}`];
    await docker([...run, crane.reference, ...push], { signal });
    say('packing the artifact');
    await client.packCreate(`localhost:${port}/${repository}`, packed, signal);
  });
  // The artifact is renamed last, so that a file with its name is always complete.
  await rename(packed, path.replace(/\.smolmachine$/, ''));
  await rename(`${packed}.smolmachine`, path);
}

interface Registry {
  network: string;
  /** Host name on that network. */
  name: string;
  /** Port on the host's 127.0.0.1. */
  port: number;
}

async function withRegistry<T>(
  image: string,
  options: RegistryPackOptions,
  work: (at: Registry) => Promise<T>,
): Promise<T> {
  const { slug, signal, willUndo } = options;
  const network = `bot-bottle-pack-${slug}`;
  const name = `bot-bottle-registry-${slug}`;
  const networkUndone = await willUndo({ kind: 'network', name: network });
  const containerUndone = await willUndo({ kind: 'container', name });
  await removeContainer(name, 0);
  await removeNetwork(network);
  try {
    await docker(['network', 'create', '--driver', 'bridge', ...labelArguments('network', slug), network]);
    const identity = ['--name', name, '--network', network, ...labelArguments('registry', slug)];
    // Loopback only: the image must not be exposed to the local network.
    await docker(['run', '--detach', '--rm', ...identity, '--publish', `127.0.0.1::${REGISTRY_PORT}`, image]);
    return await work({ network, name, port: await awaitRegistry(name, signal) });
  } finally {
    await removeContainer(`bot-bottle-push-${slug}`, 0);
    await removeContainer(name, 0);
    await containerUndone();
    await removeNetwork(network);
    await networkUndone();
  }
}

async function awaitRegistry(name: string, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + REGISTRY_TIMEOUT_MS;
  let port: number | undefined;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    const container = await findContainer(name);
    port = container && hostPortOf(container, REGISTRY_PORT, '127.0.0.1');
    if (port !== undefined && (await answers(port))) return port;
    if (container?.running !== true) break;
    await sleep(100, undefined, { signal });
  }
  const log = await dockerTry(['logs', '--tail', '10', name]);
  throw new BottleError(
    'engine-failed',
    `the temporary registry does not respond: ${log.stderr || log.stdout || 'it no longer exists'}`,
  );
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/v2/`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
