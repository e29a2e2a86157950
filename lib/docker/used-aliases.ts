import { publishedLoopbackAddresses } from './container.ts';
import { ALIAS_LABEL, listNetworks } from './network.ts';

/** Loopback addresses that a bottle holds, by its network's label, or that any container is published on. */
export async function usedAliases(): Promise<Set<string>> {
  const [networks, published] = await Promise.all([listNetworks(), publishedLoopbackAddresses()]);
  return new Set([...networks.flatMap((network) => network.labels[ALIAS_LABEL] ?? []), ...published]);
}
