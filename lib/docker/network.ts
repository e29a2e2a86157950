import { networkInterfaces } from 'node:os';
import { z } from 'zod';
import { BottleError } from '../errors.ts';
import { docker, dockerError, dockerTry } from './cli.ts';
import { KIND_LABEL, labelArguments } from './labels.ts';

/** Label of a bottle's network with the loopback alias that the bottle holds. */
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

/** Third octets of 192.168.x.0/24 that are never used: 17 is where Docker itself usually starts. */
const AVOIDED_OCTETS = new Set([17]);

/** All candidate subnets, the one that the slug hashes to first, so that a bottle's subnet is stable. */
export function subnetCandidates(slug: string): string[] {
  let hash = 0;
  for (const char of slug) hash = (hash * 31 + char.charCodeAt(0)) % 256;
  const octets = Array.from({ length: 256 }, (_, index) => (hash + index) % 256);
  return octets.filter((octet) => !AVOIDED_OCTETS.has(octet)).map((octet) => `192.168.${octet}.0/24`);
}

/** True when an address of this machine lies in the /24: the engine does not look at the machine's own networks. */
export function isOnHost(subnet: string, interfaces = networkInterfaces()): boolean {
  const prefix = subnet.replace(/\.0\/24$/, '.');
  return Object.values(interfaces).some((entries) =>
    entries?.some((entry) => entry.address.startsWith(prefix)),
  );
}

/**
 * Creates a bridge network on the first candidate subnet that collides with nothing.
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
      hint: 'Remove networks that nothing uses: `docker network prune`.',
    },
  );
}

/** The kit's own networks, whichever home they belong to. */
export async function listNetworks(): Promise<Network[]> {
  const ids = await docker(['network', 'ls', '--quiet', '--filter', `label=${KIND_LABEL}`]);
  return inspectNetworks(ids.split('\n').filter((id) => id !== ''));
}

export async function findNetwork(name: string): Promise<Network | undefined> {
  return (await inspectNetworks([name])).find((network) => network.name === name);
}

async function inspectNetworks(ids: readonly string[]): Promise<Network[]> {
  if (ids.length === 0) return [];
  // One that vanishes between `ls` and `inspect` makes the exit code 1; the rest is printed all the same.
  const result = await dockerTry(['network', 'inspect', ...ids]);
  return inspected.parse(JSON.parse(result.stdout || '[]')).map((network) => ({
    name: network.Name,
    id: network.Id,
    created: network.Created,
    labels: network.Labels ?? {},
    subnets: (network.IPAM.Config ?? []).flatMap((config) => config.Subnet ?? []),
  }));
}

/** Idempotent. Fails while a container is attached: the journal undoes that one first. */
export async function removeNetwork(name: string): Promise<void> {
  const args = ['network', 'rm', name];
  const result = await dockerTry(args);
  if (result.exitCode === 0 || /no such network|not found/i.test(result.stderr)) return;
  throw dockerError(args, result);
}
