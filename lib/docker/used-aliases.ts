import { publishedLoopbackAddresses } from './container.ts';
import { ALIAS_LABEL, listNetworks } from './network.ts';

/**
 * Returns the loopback addresses that a network's label reserves for a bottle or that any container publishes
 * ports on, except the alias of the network `own`, which its bottle may keep.
 */
export async function usedAliases(own?: string): Promise<Set<string>> {
  const [networks, published] = await Promise.all([listNetworks(), publishedLoopbackAddresses()]);
  const used = new Set([...networks.flatMap((network) => network.labels[ALIAS_LABEL] ?? []), ...published]);
  const kept = networks.find(({ name }) => name === own)?.labels[ALIAS_LABEL];
  if (kept !== undefined) used.delete(kept);
  return used;
}
