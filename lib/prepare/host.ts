import { assertPipelockImage } from '../bundle/pipelock-image.ts';
import { assertAliasesAttainable, lowestFree } from '../channels/alias-pool.ts';
import { checkEngine } from '../docker/engine.ts';
import { imageId } from '../docker/image.ts';
import { usedAliases } from '../docker/used-aliases.ts';
import { cacheDirectory } from '../host/directories.ts';
import { checkSpace, freeBytes } from './disk.ts';
import { assertFakeRuns, fakeObstacles } from './fake-smolvm.ts';
import { assertHomeKeepsFiles } from './home-files.ts';
import { checkKvm } from './kvm.ts';
import type { Problems } from './problems.ts';
import { assertSocketPathsFit } from './socket-paths.ts';

/** The properties of this machine that a launch depends on. */
export interface Host {
  /** @throws BottleError `engine-missing` */
  engine(): Promise<'running' | 'startable'>;
  /** @throws BottleError `kvm-unusable` */
  kvm(): Promise<void>;
  /** What keeps the kit's fake of smolvm at `path` from starting guests; see {@link fakeObstacles}. */
  fakeObstacles(path: string): Promise<readonly string[]>;
  platform: NodeJS.Platform;
  /** Id of an image in the engine; undefined if the engine does not have it. */
  imageId(reference: string): Promise<string | undefined>;
  /** Loopback aliases in use, except those of the network `own`. */
  usedAliases(own: string): Promise<ReadonlySet<string>>;
  /** Bytes free on the disk of a path. */
  freeBytes(place: string): Promise<number>;
  /** Whether there is a user to prompt. */
  hasTerminal: boolean;
}

export function thisHost(hasTerminal: boolean): Host {
  return {
    engine: async () => ((await checkEngine()) === 'startable' ? 'startable' : 'running'),
    kvm: () => checkKvm(),
    fakeObstacles,
    platform: process.platform,
    usedAliases,
    imageId,
    freeBytes,
    hasTerminal,
  };
}

export interface HostNeeds {
  /** The smolvm that starts guests; undefined if there is none. */
  smolvm: { path: string; isFake: boolean } | undefined;
  /** Where the manifest asks for pipelock, for messages; undefined if it does not. */
  pipelock: string | undefined;
  /** The bottle's network, which reserves an alias for it; undefined unless its guest reaches the bundle by one. */
  network: string | undefined;
}

export async function checkHost(host: Host, needs: HostNeeds, problems: Problems): Promise<void> {
  await problems.attempt(async () => assertSocketPathsFit());
  await problems.attempt(() => assertHomeKeepsFiles());
  const { smolvm } = needs;
  if (smolvm?.isFake === false) await problems.attempt(() => host.kvm());
  if (smolvm?.isFake) {
    await problems.attempt(async () => assertFakeRuns(await host.fakeObstacles(smolvm.path), host.platform));
  }
  const engine = await problems.attempt(() => host.engine());
  const { network } = needs;
  if (network !== undefined) await problems.attempt(async () => assertAliasesAttainable(host.hasTerminal));
  if (engine === 'running' && network !== undefined) {
    await problems.attempt(async () => lowestFree(await host.usedAliases(network)));
  }
  const { pipelock } = needs;
  if (engine === 'running' && pipelock !== undefined) {
    await problems.attempt(() => assertPipelockImage(pipelock, (reference) => host.imageId(reference)));
  }
  const cache = cacheDirectory();
  await problems.attempt(async () => checkSpace(await host.freeBytes(cache), cache));
}
