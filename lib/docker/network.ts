import { networkInterfaces } from 'node:os';
import { z } from 'zod';
import { BottleError } from '../errors.ts';
import { docker, dockerError, dockerTry } from './cli.ts';
import { KIND_LABEL, labelArguments } from './labels.ts';

/** Label of a bottle's network with the bottle's loopback alias. */
export const ALIAS_LABEL = 'bot-bottle.alias';

const inspected = z.array(
  z.looseObject({
    Name: z.string(),
    Id: z.string(),
    Created: z.string(),
    Labels: z.record(z.string(), z.string()).nullish(),
    IPAM: z.looseObject({ Config: z.array(z.looseObject({ Subnet: z.string().optional() })).nullish() }),
  }),
);

export interface Network {
  name: string;
  id: string;
  created: string;
  labels: Readonly<Record<string, string>>;
  subnets: readonly string[];
}

/** Third octets of 192.168.x.0/24 that are never used. Docker itself usually starts at 17. */
const AVOIDED_OCTETS = new Set([17]);

/** Returns all candidate subnets, starting at the slug's hash, so that a bottle's subnet is stable. */
export function subnetCandidates(slug: string): string[] {
  let hash = 0;
  for (const char of slug) hash = (hash * 31 + char.charCodeAt(0)) % 256;
  const octets = Array.from({ length: 256 }, (_, index) => (hash + index) % 256);
  return octets.filter((octet) => !AVOIDED_OCTETS.has(octet)).map((octet) => `192.168.${octet}.0/24`);
}

/**
 * Returns whether the machine has an address in the /24, because the engine ignores the machine's own
 * networks.
 */
export function isOnHost(subnet: string, interfaces = networkInterfaces()): boolean {
  const prefix = subnet.replace(/\.0\/24$/, '.');
  return Object.values(interfaces).some((entries) =>
    entries?.some((entry) => entry.address.startsWith(prefix)),
  );
}

/**
 * Creates a bridge network on the first candidate subnet without a collision.
 * @throws BottleError `subnets-exhausted`, or `engine-failed` for any other failure.
 */
export async function createBridge(name: string, slug: string, alias: string): Promise<string> {
  for (const subnet of subnetCandidates(slug)) {
    if (isOnHost(subnet)) continue;
    const labels = [...labelArguments('network', slug), '--label', `${ALIAS_LABEL}=${alias}`];
    const args = ['network', 'create', '--driver', 'bridge', '--subnet', subnet, ...labels, name];
    const result = await dockerTry(args);
    if (result.exitCode === 0) return subnet;
    if (!/pool overlaps|cannot create network .* conflicts/i.test(result.stderr))
      throw dockerError(args, result);
  }
  throw new BottleError(
    'subnets-exhausted',
    'every subnet of 192.168.0.0/16 collides with a network of this machine',
    {
      hint: 'Remove unused networks: `docker network prune`.',
    },
  );
}

/** Lists the kit's networks, of every home. */
export async function listNetworks(): Promise<Network[]> {
  const ids = await docker(['network', 'ls', '--quiet', '--filter', `label=${KIND_LABEL}`]);
  return inspectNetworks(ids.split('\n').filter((id) => id !== ''));
}

export async function findNetwork(name: string): Promise<Network | undefined> {
  return (await inspectNetworks([name])).find((network) => network.name === name);
}

async function inspectNetworks(ids: readonly string[]): Promise<Network[]> {
  if (ids.length === 0) return [];
  // If a network disappears between `ls` and `inspect`, the exit code is 1, but the others are still printed.
  const result = await dockerTry(['network', 'inspect', ...ids]);
  return inspected.parse(JSON.parse(result.stdout || '[]')).map((network) => ({
    name: network.Name,
    id: network.Id,
    created: network.Created,
    labels: network.Labels ?? {},
    subnets: (network.IPAM.Config ?? []).flatMap((config) => config.Subnet ?? []),
  }));
}

/** Removes a network. Idempotent. Fails while a container is attached; the journal removes that first. */
export async function removeNetwork(name: string): Promise<void> {
  const args = ['network', 'rm', name];
  const result = await dockerTry(args);
  if (result.exitCode === 0 || /no such network|not found/i.test(result.stderr)) return;
  throw dockerError(args, result);
}
