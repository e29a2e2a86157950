import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../bottle/records.ts';
import { docker, dockerTry } from '../../docker/cli.ts';
import { removeImage } from '../../docker/image.ts';
import { KIND_LABEL } from '../../docker/labels.ts';
import { committedReference } from '../../guest/committed.ts';
import { artifactDirectory } from '../../handoff/artifact-cache.ts';
import { parseSize, sizeText } from '../../host/size.ts';
import { buildImage } from '../../phases/build-image.ts';
import { packArtifact } from '../../phases/pack-artifact.ts';
import type { Phase } from '../../phases/phase.ts';
import { machineName } from '../../plan/names.ts';
import type { SmolvmBinary } from '../../smolvm/binary.ts';
import { SmolvmClient } from '../../smolvm/client.ts';
import { readMachineRecord } from '../../smolvm/state-db.ts';
import type { Leftover } from './leftover.ts';

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_CACHE_MAX = '20G';

export interface UnusedScope {
  /** Bottles of this home. */
  readonly slugs: readonly string[];
  readonly smolvms: readonly SmolvmBinary[];
  /** What was used since then is not offered, unless the cache is too large. */
  readonly days: number;
}

/**
 * Finds images and artifacts that no bottle of this home and no machine refers to. They are made again when they are
 * needed.
 */
export async function findUnused(scope: UnusedScope): Promise<Leftover[]> {
  const before = Date.now() - scope.days * DAY_MS;
  return [...(await unusedImages(scope.slugs, before)), ...(await unusedArtifacts(scope, before))];
}

/** Repositories of the kit's images for agents. Bundle images have a rule of their own. */
const AGENT_IMAGES = 'bot-bottle-*';
const OTHER_KINDS = new Set(['bundle', 'stand-in', 'base']);

async function unusedImages(slugs: readonly string[], before: number): Promise<Leftover[]> {
  const records = await readableRecords(slugs, buildImage);
  const kept = new Set([
    ...records.flatMap(({ reference, boot }) => [reference, boot.reference]),
    ...slugs.map(committedReference),
  ]);
  const listed = await docker([
    ...['image', 'ls', '--filter', `reference=${AGENT_IMAGES}`],
    ...['--format', '{{.Repository}}:{{.Tag}}'],
  ]);
  const references = listed.split('\n').filter((reference) => reference !== '' && !kept.has(reference));
  const images = await Promise.all(references.map(describeImage));
  return images.flatMap((image) =>
    image === undefined || OTHER_KINDS.has(image.kind) || image.created > before
      ? []
      : [
          {
            what: `image ${image.reference}`,
            why: `of no bottle in this home, made ${daysText(image.created)} ago`,
            bytes: image.bytes,
            // By tag and without force, so that the engine refuses if a container now uses it.
            remove: () => removeImage(image.reference),
          },
        ],
  );
}

const inspected = z.looseObject({
  /** Missing for an image that does not say when it was made (Docker 25 and newer): it is left alone. */
  Created: z.string().optional(),
  Size: z.number(),
  Config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

async function describeImage(reference: string) {
  const found = await dockerTry(['image', 'inspect', '--format', '{{json .}}', reference]);
  if (found.exitCode !== 0) return undefined;
  const { Created, Size, Config } = inspected.parse(JSON.parse(found.stdout));
  if (Created === undefined) return undefined;
  const kind = Config?.Labels?.[KIND_LABEL] ?? '';
  return { reference, kind, created: Date.parse(Created), bytes: Size };
}

interface CachedArtifact {
  readonly key: string;
  readonly paths: readonly string[];
  readonly bytes: number;
  /** When it was used last, in milliseconds since 1970. */
  readonly used: number;
}

async function unusedArtifacts({ slugs, smolvms }: UnusedScope, before: number): Promise<Leftover[]> {
  const artifacts = await cachedArtifacts();
  const kept = await artifactsInUse(slugs, smolvms).catch(() => undefined);
  // A machine whose record cannot be read may need any of them.
  if (kept === undefined) return [];
  const unused = artifacts
    .filter(({ key }) => !kept.has(key))
    .toSorted((one, other) => one.used - other.used);
  const max = parseSize(process.env.BOT_BOTTLE_CACHE_MAX || DEFAULT_CACHE_MAX);
  let total = artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
  return unused.flatMap(({ key, paths, bytes, used }) => {
    const isOld = used <= before;
    if (!isOld && total <= max) return [];
    total -= bytes;
    const why = isOld
      ? `of no bottle in this home, last used ${daysText(used)} ago`
      : `of no bottle in this home, and the cache is larger than ${sizeText(max)}`;
    const remove = async () => {
      for (const path of paths) await rm(path, { force: true });
    };
    return [{ what: `artifact ${key}`, why, bytes, remove }];
  });
}

/** Each artifact has one or two files, whose names begin with its key. Locks stay: removing one allows two holders. */
async function cachedArtifacts(): Promise<CachedArtifact[]> {
  const names = (await readdir(artifactDirectory()).catch(() => [])).filter((name) =>
    /^[0-9a-f]{16}\.(image\.tar|smolmachine(\.smolmachine)?)$/.test(name),
  );
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(artifactDirectory(), name);
      const found = await stat(path).catch(() => undefined);
      return found === undefined ? [] : [{ key: keyOf(name), path, bytes: found.size, used: found.mtimeMs }];
    }),
  );
  return [...Map.groupBy(files.flat(), ({ key }) => key)].map(([key, group]) => ({
    key,
    paths: group.map(({ path }) => path),
    bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
    used: Math.max(...group.map(({ used }) => used)),
  }));
}

/** Bottles name them in their records, and machines of this user, of whatever home, read theirs at each start. */
async function artifactsInUse(
  slugs: readonly string[],
  smolvms: readonly SmolvmBinary[],
): Promise<Set<string>> {
  const records = await readableRecords(slugs, packArtifact);
  const keys = new Set(records.map(({ path }) => keyOf(basename(path))));
  for (const binary of smolvms) {
    for (const { name } of await new SmolvmClient(binary).machineList()) {
      if (!name.startsWith(machineName(''))) continue;
      const source = readMachineRecord(name).source_smolmachine;
      if (source) keys.add(keyOf(basename(source)));
    }
  }
  return keys;
}

/** Leaves out records that cannot be read: cleanup is also for bottles that are broken. */
async function readableRecords<T>(
  slugs: readonly string[],
  { name, record }: Pick<Phase<T>, 'name' | 'record'>,
): Promise<T[]> {
  const records = await Promise.all(
    slugs.map((slug) => readRecord(slug, name, record).catch(() => undefined)),
  );
  return records.flatMap((found) => (found === undefined ? [] : [found.data]));
}

function keyOf(name: string): string {
  return name.split('.')[0] ?? name;
}

function daysText(since: number): string {
  const days = Math.floor((Date.now() - since) / DAY_MS);
  return days === 1 ? '1 day' : `${days} days`;
}
