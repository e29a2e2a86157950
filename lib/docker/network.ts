import { z } from 'zod';
import { BottleError } from '../errors.ts';
import { docker, dockerError, dockerTry } from './cli.ts';
import { hostSubnets, overlaps, subnet } from './host-subnets.ts';
import { KIND_LABEL, labelArguments } from './labels.ts';

/** Label of a bottle's network with the bottle's loopback alias, if it has one of its own. */
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

/** Where subnets are taken from: the first that has a free one. Docker itself usually starts at 172.17. */
const POOLS = ['192.168.0.0/16', '172.30.0.0/16', '10.222.0.0/16'];

/** Third octets that are never used. */
const AVOIDED_OCTETS = new Set([17]);

/** Subnets of one pool that are tried. */
const MAX_TRIED = 256;

/** Returns the /24s of a pool, starting at the slug's hash, so that a bottle's subnet is stable. */
export function subnetCandidates(slug: string, pool = '192.168.0.0/16'): string[] {
  let hash = 0;
  for (const char of slug) hash = (hash * 31 + char.charCodeAt(0)) % 65_536;
  const [address = '', bits] = pool.split('/');
  const start = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const count = 2 ** (24 - Number(bits));
  const first = Math.floor(start / 256 / count) * count;
  return Array.from({ length: Math.min(count, MAX_TRIED) }, (_, index) => first + ((hash + index) % count))
    .filter((number) => count === 1 || !AVOIDED_OCTETS.has(number % 256))
    .map((number) => `${number >> 16}.${(number >> 8) & 255}.${number & 255}.0/24`);
}

/** The pools of `BOT_BOTTLE_SUBNETS`, or the kit's own. @throws BottleError `usage` */
export function subnetPools(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const given = environment.BOT_BOTTLE_SUBNETS;
  if (given === undefined || given.trim() === '') return POOLS;
  return given.split(',').map((text) => {
    const pool = subnet(text.trim());
    if (pool !== undefined && text.includes('/') && pool.bits <= 24) return text.trim();
    throw new BottleError(
      'usage',
      `BOT_BOTTLE_SUBNETS: '${text.trim()}' is not an IPv4 network of /8 to /24`,
      {
        hint: 'Write networks that are yours to use, such as 10.99.0.0/16, separated by commas.',
      },
    );
  });
}

/**
 * Creates a bridge network on the first candidate subnet that collides neither with the engine's networks nor with the
 * machine's own ones and its routes, which the engine ignores.
 * @throws BottleError `subnets-exhausted`, `usage`, or `engine-failed` for any other failure.
 */
export async function createBridge(name: string, slug: string, alias?: string): Promise<string> {
  const pools = subnetPools();
  const taken = await hostSubnets();
  for (const candidate of pools.flatMap((pool) => subnetCandidates(slug, pool))) {
    const wanted = subnet(candidate);
    if (wanted === undefined || taken.some((one) => overlaps(one, wanted))) continue;
    const own = alias === undefined ? [] : ['--label', `${ALIAS_LABEL}=${alias}`];
    const labels = [...labelArguments('network', slug), ...own];
    const args = ['network', 'create', '--driver', 'bridge', '--subnet', candidate, ...labels, name];
    const result = await dockerTry(args);
    if (result.exitCode === 0) return candidate;
    if (!/pool overlaps|cannot create network .* conflicts/i.test(result.stderr))
      throw dockerError(args, result);
  }
  throw new BottleError(
    'subnets-exhausted',
    `every subnet of ${pools.join(', ')} collides with a network or a route of this machine`,
    {
      hint: 'Remove unused networks (`docker network prune`), or name others in BOT_BOTTLE_SUBNETS.',
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
  const args = ['network', 'inspect', ...ids];
  const result = await dockerTry(args);
  if (result.exitCode !== 0 && !/no such network|not found/i.test(result.stderr))
    throw dockerError(args, result);
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
