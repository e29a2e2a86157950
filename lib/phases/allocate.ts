import { join } from 'node:path';
import { z } from 'zod';
import { ensureAliasPool, lowestFree, missingAliases, SHARED_LOOPBACK } from '../channels/alias-pool.ts';
import { HOME_LABEL, homeLabel } from '../docker/labels.ts';
import {
  ALIAS_LABEL,
  createBridge,
  findNetwork,
  listNetworks,
  type Network,
  removeNetwork,
} from '../docker/network.ts';
import { usedAliases } from '../docker/used-aliases.ts';
import { BottleError } from '../errors.ts';
import { cacheDirectory } from '../host/directories.ts';
import { withLock } from '../host/lock.ts';
import { reachOfRunningMachines } from '../smolvm/machine-folder.ts';
import type { Phase, PhaseContext } from './phase.ts';
import { prepare } from './prepare.ts';

const allocation = z.strictObject({
  /** The loopback address on which the bottle's ports are published; its own only where the guest can reach it. */
  alias: z.ipv4(),
  network: z.string(),
  subnet: z.string(),
});
export type Allocation = z.infer<typeof allocation>;

const LOCK_TIMEOUT_MS = 120_000;

/**
 * Creates the bottle's bridge and, where the guest reaches the bundle by an address, reserves an alias. The alias is a label of the network, so the engine holds
 * the reservation until teardown removes the network: for all users of the engine, and across crashes.
 */
export const allocate: Phase<Allocation> = {
  name: 'allocate',
  summary: 'reserve a loopback alias and create the bottle’s bridge network',
  needs: [prepare],
  record: allocation,
  durable: false,

  async run(context) {
    const plan = await context.read(prepare);
    if (plan.smolvm.tier === 'alias') await ensureAliasPool(context.say);
    const lock = join(cacheDirectory(), 'locks', 'aliases.db');
    return withLock(lock, () => reserveAlias(context, plan.names.network), { timeoutMs: LOCK_TIMEOUT_MS });
  },

  async isAlive(_context, { network, alias }) {
    const found = await findNetwork(network);
    // On a Mac, aliases are gone after a reboot.
    if (found === undefined || missingAliases().includes(alias)) return false;
    return (found.labels[ALIAS_LABEL] ?? SHARED_LOOPBACK) === alias;
  },

  describe: ({ alias, subnet }) => `${alias}, ${subnet}`,
};

async function reserveAlias(context: PhaseContext, network: string): Promise<Allocation> {
  const markUndone = await context.willUndo({ kind: 'network', name: network });
  // An interrupted run may have left the bottle's network, which holds an alias: start over.
  const existing = await findNetwork(network);
  if (existing !== undefined) {
    if (isOfAnotherHome(existing)) {
      await markUndone();
      throw taken(network);
    }
    await removeNetwork(network);
  }
  const { smolvm } = await context.read(prepare);
  const own = smolvm.tier === 'alias' ? lowestFree(await aliasesInUse(context)) : undefined;
  const subnet = await createBridge(network, context.slug, own);
  if (!(await isFirstOfItsName(network))) {
    // Another home has made one of the same name at the same time, and was first.
    await removeOwnNetwork(network);
    await markUndone();
    throw taken(network);
  }
  const alias = own ?? SHARED_LOOPBACK;
  if (own === undefined || (await holdsAlias(network, own))) return { alias, network, subnet };
  // Another user of this engine, with their own lock, took the same alias first.
  await removeNetwork(network);
  await markUndone();
  return reserveAlias(context, network);
}

/** Those that a network or a container has, and those that a machine may use, of whatever home. */
async function aliasesInUse({ read }: PhaseContext): Promise<Set<string>> {
  const { names } = await read(prepare);
  const [used, reach] = await Promise.all([usedAliases(), reachOfRunningMachines(names.machine)]);
  return new Set([...used, ...reach.map((cidr) => cidr.replace(/\/32$/, ''))]);
}

function isOfAnotherHome({ labels }: Network): boolean {
  const home = labels[HOME_LABEL];
  return home !== undefined && home !== homeLabel();
}

async function isFirstOfItsName(name: string): Promise<boolean> {
  const [first] = (await listNetworks()).filter((network) => network.name === name).toSorted(byCreation);
  return first === undefined || !isOfAnotherHome(first);
}

async function removeOwnNetwork(name: string): Promise<void> {
  const own = (await listNetworks()).filter((network) => network.name === name && !isOfAnotherHome(network));
  for (const { id } of own) await removeNetwork(id);
}

function taken(network: string): BottleError {
  return new BottleError(
    'label-taken',
    `the Docker engine already has a network ${network}, of a bottle in another home`,
    {
      hint: 'Choose another LABEL.',
    },
  );
}

/** Returns whether ours is the first network with this alias that the engine created. */
async function holdsAlias(name: string, alias: string): Promise<boolean> {
  const rivals = (await listNetworks()).filter((network) => network.labels[ALIAS_LABEL] === alias);
  return rivals.toSorted(byCreation)[0]?.name === name;
}

function byCreation(a: Network, b: Network): number {
  return a.created.localeCompare(b.created) || a.id.localeCompare(b.id);
}
