import { publishedLoopbackAddresses } from './container.ts';
import { ALIAS_LABEL, listNetworks } from './network.ts';

/**
 * Loopback addresses that a bottle holds, by its network's label, or that any container is published on; but for
 * those of the network `own`, whose bottle may keep what it has.
 */
export async function usedAliases(own?: string): Promise<Set<string>> {
  const [networks, published] = await Promise.all([listNetworks(), publishedLoopbackAddresses()]);
  const used = new Set([...networks.flatMap((network) => network.labels[ALIAS_LABEL] ?? []), ...published]);
  const kept = networks.find(({ name }) => name === own)?.labels[ALIAS_LABEL];
  if (kept !== undefined) used.delete(kept);
  return used;
}
