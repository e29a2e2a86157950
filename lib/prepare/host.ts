import { cacheDirectory } from '../bottle/paths.ts';
import { assertPipelockImage } from '../bundle/pipelock-image.ts';
import { lowestFree } from '../channels/alias-pool.ts';
import { checkEngine } from '../docker/engine.ts';
import { imageId } from '../docker/image.ts';
import { usedAliases } from '../docker/used-aliases.ts';
import { checkSpace, freeBytes } from './disk.ts';
import { checkKvm } from './kvm.ts';
import type { Problems } from './problems.ts';

/** What of this machine a launch depends on. */
export interface Host {
  /** @throws BottleError `engine-missing` */
  engine(): Promise<'running' | 'startable'>;
  /** @throws BottleError `kvm-unusable` */
  kvm(): Promise<void>;
  /** The id of an image that the engine holds. */
  imageId(reference: string): Promise<string | undefined>;
  /** Loopback aliases that are taken, those of the network `own` aside. */
  usedAliases(own: string): Promise<ReadonlySet<string>>;
  /** Bytes free at a place. */
  freeBytes(place: string): Promise<number>;
  /** True when there is a person to ask. */
  hasTerminal: boolean;
}

export function thisHost(hasTerminal: boolean): Host {
  return {
    engine: async () => ((await checkEngine()) === 'startable' ? 'startable' : 'running'),
    kvm: () => checkKvm(),
    usedAliases,
    imageId,
    freeBytes,
    hasTerminal,
  };
}

export interface HostNeeds {
  /** Whether guests are real microVMs. */
  kvm: boolean;
  /** Where the manifest asks for pipelock, for messages; undefined when it does not. */
  pipelock: string | undefined;
  /** The network of the bottle, which reserves an alias for it; undefined when it is not known to need one. */
  network: string | undefined;
}

export async function checkHost(host: Host, needs: HostNeeds, problems: Problems): Promise<void> {
  if (needs.kvm) await problems.attempt(() => host.kvm());
  const engine = await problems.attempt(() => host.engine());
  const { network } = needs;
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
