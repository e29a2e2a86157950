import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasOnlyDeployKeys, pendingUndo } from '../../bottle/journal.ts';
import { listBottles } from '../../bottle/list.ts';
import { readMetadata } from '../../bottle/metadata.ts';
import { staleBundleImages } from '../../bundle/stale-images.ts';
import { listContainers, removeContainer } from '../../docker/container.ts';
import { removeImage } from '../../docker/image.ts';
import { HOME_LABEL, homeLabel, SLUG_LABEL } from '../../docker/labels.ts';
import { listNetworks, removeNetwork } from '../../docker/network.ts';
import { BottleError, messageOf } from '../../errors.ts';
import { removeMachine } from '../../guest/remove-machine.ts';
import { artifactDirectory, partialPrefix } from '../../handoff/artifact-cache.ts';
import { undisturbed } from '../../host/interruption.ts';
import { forgetBottle, teardown } from '../../phases/teardown.ts';
import { machineName } from '../../plan/names.ts';
import type { SmolvmBinary } from '../../smolvm/binary.ts';
import { SmolvmClient } from '../../smolvm/client.ts';
import { saveWork } from '../fetch/save-work.ts';
import { type BottleStatus, bottleStatuses } from '../status/status.ts';
import { saveTranscript } from '../transcript/save-transcript.ts';
import type { Leftover } from './leftover.ts';
import { straySockets } from './stray-sockets.ts';
import { findUnused } from './unused.ts';

export interface CleanupScope {
  /** Used to list machines; different versions may keep their state in different places. */
  smolvms: readonly SmolvmBinary[];
  /** Whether to include bottles brought up by hand and kept state. */
  all: boolean;
  /** Whether to remove bottles whose work cannot be fetched. */
  discard: boolean;
  /** Days since which images and artifacts were not used, and kept bottles not started, for these to be removed. */
  days: { unused: number; kept?: number | undefined };
}

/** Kinds of containers that belong to a bottle or a pack; others inherit our label from an image. */
const OWNED_KINDS = new Set(['bundle', 'registry', 'push']);

/**
 * Finds what crashes and `kill -9` left behind: bottles whose launch is dead; resources in the engine, smolvm
 * and the cache of bottles without state; and outdated bundle images. Excludes bottles that a live launch
 * supervises.
 */
export async function findLeftovers(scope: CleanupScope, say: (line: string) => void): Promise<Leftover[]> {
  const statuses = await bottleStatuses();
  const removable = new Set(['orphaned', 'broken', ...(scope.all ? ['up', 'kept'] : [])]);
  const isOld = await oldBottles(scope.days.kept);
  const bottles = statuses.filter((status) => removable.has(status.state) || isOld(status));
  const known = new Set(statuses.map(({ slug }) => slug));
  const others = statuses.filter((status) => status.state !== 'launching' && !bottles.includes(status));
  return [
    ...bottles.map(({ slug, state, acquired, since, disk }) => ({
      what: `bottle ${slug}`,
      why: state === 'kept' ? `kept, started ${since}` : `${state}, ${acquired} resources to remove`,
      ...(disk === null ? {} : { bytes: disk }),
      remove: async () => {
        if (state !== 'broken' && !scope.discard) await saveWork(slug, say);
        if (state !== 'broken') await saveTranscript(slug, say);
        await teardown(slug, say);
        await forgetBottle(slug);
      },
    })),
    ...(await leftKeys(others, say)),
    ...(await strayMachines(scope.smolvms, known, await slugsOfOtherHomes())),
    ...(await strayContainers(known)),
    ...(await strayNetworks(known)),
    ...(await strayWorkspaces(known)),
    ...(await straySockets(known)),
    ...(await staleImages()),
    ...(await findUnused({ slugs: [...known], smolvms: scope.smolvms, days: scope.days.unused })),
  ];
}

/** Returns whether a bottle is down, was started more than some days ago, and was not kept by `make keep`. */
async function oldBottles(days: number | undefined): Promise<(status: BottleStatus) => boolean> {
  if (days === undefined) return () => false;
  const before = Date.now() - days * 24 * 60 * 60_000;
  const slugs = await listBottles();
  const wanted = await Promise.all(
    slugs.map(async (slug) => (await readMetadata(slug).catch(() => undefined))?.kept),
  );
  const kept = new Set(slugs.filter((_slug, index) => wanted[index] === true));
  return ({ slug, state, since }) => state === 'kept' && !kept.has(slug) && Date.parse(since) < before;
}

/** Returns the deploy keys that an incomplete teardown has left of bottles whose state is kept. */
async function leftKeys(bottles: readonly BottleStatus[], say: (line: string) => void): Promise<Leftover[]> {
  const pending = await Promise.all(bottles.map(({ slug }) => pendingUndo(slug)));
  const slugs = bottles.flatMap(({ slug }, index) => (hasOnlyDeployKeys(pending[index] ?? []) ? [slug] : []));
  return slugs.map((slug) => ({
    what: `deploy keys of ${slug}`,
    why: 'not revoked by its teardown',
    remove: async () => {
      await teardown(slug, say);
    },
  }));
}

/**
 * Removes all leftovers, continuing past failures, and yields the name of each that was removed.
 * @throws BottleError `teardown-incomplete`, listing all failures; `key-not-revoked` when a deploy key is among them.
 */
export async function* removeLeftovers(leftovers: readonly Leftover[]): AsyncGenerator<string> {
  const failures: string[] = [];
  let code: 'teardown-incomplete' | 'key-not-revoked' = 'teardown-incomplete';
  for (const { what, remove } of leftovers) {
    try {
      await undisturbed(remove);
      yield what;
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
      if (error instanceof BottleError && error.code === 'key-not-revoked') code = error.code;
    }
  }
  if (failures.length === 0) return;
  throw new BottleError(
    code,
    `${failures.length} leftovers could not be removed:\n  ${failures.join('\n  ')}`,
  );
}

const NO_STATE = 'belongs to no bottle in this home';

/** Bottles of other homes. A bottle has its network as long as it has anything else. */
async function slugsOfOtherHomes(): Promise<Set<string>> {
  const networks = await listNetworks();
  return new Set(
    networks.flatMap(({ labels }) => (isOurs(labels[HOME_LABEL] ?? '') ? [] : (labels[SLUG_LABEL] ?? []))),
  );
}

/** Older kits did not say whose home it is. */
const isOurs = (home: string) => home === '' || home === homeLabel();

async function strayMachines(
  smolvms: readonly SmolvmBinary[],
  known: ReadonlySet<string>,
  others: ReadonlySet<string>,
): Promise<Leftover[]> {
  const kept = new Set([...known, ...others].map(machineName));
  const found = new Map<string, Leftover>();
  for (const binary of smolvms) {
    const client = new SmolvmClient(binary);
    for (const { name } of await client.machineList()) {
      if (!name.startsWith(machineName('')) || kept.has(name)) continue;
      found.set(name, { what: `machine ${name}`, why: NO_STATE, remove: () => removeMachine(client, name) });
    }
  }
  return [...found.values()];
}

async function strayContainers(known: ReadonlySet<string>): Promise<Leftover[]> {
  const containers = await listContainers();
  const stray = containers.filter(
    ({ kind, slug, home }) => OWNED_KINDS.has(kind) && slug !== '' && isOurs(home) && !known.has(slug),
  );
  return stray.map(({ name }) => ({
    what: `container ${name}`,
    why: NO_STATE,
    remove: () => removeContainer(name, 0),
  }));
}

async function strayNetworks(known: ReadonlySet<string>): Promise<Leftover[]> {
  const networks = await listNetworks();
  const stray = networks.filter(({ labels }) => {
    const slug = labels[SLUG_LABEL];
    return slug !== undefined && isOurs(labels[HOME_LABEL] ?? '') && !known.has(slug);
  });
  return stray.map(({ name }) => ({
    what: `network ${name}`,
    why: NO_STATE,
    remove: () => removeNetwork(name),
  }));
}

async function strayWorkspaces(known: ReadonlySet<string>): Promise<Leftover[]> {
  const names = await readdir(artifactDirectory()).catch(() => []);
  const stray = names.filter(
    (name) => name.startsWith(partialPrefix()) && !known.has(name.slice(partialPrefix().length)),
  );
  return stray.map((name) => {
    const path = join(artifactDirectory(), name);
    return {
      what: path,
      why: 'left by an interrupted pack',
      remove: () => rm(path, { recursive: true, force: true }),
    };
  });
}

async function staleImages(): Promise<Leftover[]> {
  return (await staleBundleImages()).map((image) => ({
    what: `image ${image}`,
    why: 'from an older version of the kit, not used by any container',
    // By tag and without force, so that the engine refuses if a container now uses it.
    remove: () => removeImage(image),
  }));
}
