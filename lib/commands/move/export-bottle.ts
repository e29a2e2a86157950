import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { cp, link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { create } from 'tar';
import { journal, markUndone } from '../../bottle/journal.ts';
import type { BottleMetadata } from '../../bottle/metadata.ts';
import { bottleDirectory, bottlePaths } from '../../bottle/paths.ts';
import { BottleError } from '../../errors.ts';
import { bottleRefs } from '../../git/bottle-refs.ts';
import { git } from '../../git/git.ts';
import { findRepositoryRoot, readRefs } from '../../git/repository.ts';
import { type Committed, committedPath, isWhole, readCommitted } from '../../guest/committed.ts';
import { isMissing } from '../../host/files.ts';
import { withLock } from '../../host/lock.ts';
import { requireBottle } from '../../phases/running-bottle.ts';
import { EXPORTED, type ExportedBottle } from './exported.ts';

export interface Exported {
  readonly slug: string;
  readonly file: string;
  readonly bytes: number;
  /** What is in it: `artifact`, `transcript`, `work`. */
  readonly parts: readonly string[];
}

/**
 * Writes a bottle's last freeze, transcript and fetched work to a compressed archive. Leaves nothing when it fails.
 * @throws BottleError `state-missing`, or `usage` when the file exists.
 */
export async function exportBottle(
  slug: string,
  file: string,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (count: number) => void },
): Promise<Exported> {
  const metadata = await requireBottle(slug);
  const target = resolve(file);
  await assertFree(target);
  const work = async () => {
    const staging = join(bottleDirectory(slug), 'exporting');
    const id = await journal(slug, 'export', { kind: 'path', path: staging });
    const partial = `${target}.part`;
    try {
      await rm(staging, { recursive: true, force: true });
      await mkdir(staging, { mode: 0o700 });
      const parts = await stage(metadata, staging);
      const names = [EXPORTED.description, ...parts];
      const archive = create({ cwd: staging, portable: true, noDirRecurse: false }, names);
      archive.on('data', (chunk: Buffer) => onBytes(chunk.length));
      await pipeline(archive, createZstdCompress(), createWriteStream(partial, { mode: 0o600 }), { signal });
      await rename(partial, target);
      return { slug, file: target, bytes: (await stat(target)).size, parts };
    } finally {
      await rm(partial, { force: true });
      await rm(staging, { recursive: true, force: true });
      await markUndone(slug, id);
    }
  };
  return withLock(join(bottleDirectory(slug), 'locks', 'freeze.db'), work, { signal });
}

async function assertFree(target: string): Promise<void> {
  if ((await stat(target).catch(() => undefined)) === undefined) return;
  throw new BottleError('usage', `${target} exists already`, { hint: 'Choose another FILE.' });
}

/** Puts together what goes into the archive. @returns the names of its parts. */
async function stage(metadata: BottleMetadata, staging: string): Promise<string[]> {
  const { identity: slug } = metadata;
  const committed = await readCommitted(slug);
  const artifact =
    committed !== undefined && (await isWhole(slug, committed))
      ? await stageArtifact(slug, committed, join(staging, EXPORTED.artifact))
      : undefined;
  const hasTranscript = await copied(bottlePaths.transcript(slug), join(staging, EXPORTED.transcript));
  const hasWork = await bundleWork(metadata, join(staging, EXPORTED.work));
  const { agent_name, bottle_names, label, color, copy_cwd, tier } = metadata;
  const description: ExportedBottle = {
    format: 'bot-bottle-export',
    version: 1,
    slug,
    at: new Date().toISOString(),
    metadata: { agent_name, bottle_names, label, color, copy_cwd, ...(tier === undefined ? {} : { tier }) },
    ...(artifact === undefined ? {} : { artifact }),
    hasWork,
  };
  await writeFile(join(staging, EXPORTED.description), `${JSON.stringify(description, null, 2)}\n`, {
    mode: 0o600,
  });
  return [
    ...(artifact === undefined ? [] : [EXPORTED.artifact]),
    ...(hasTranscript ? [EXPORTED.transcript] : []),
    ...(hasWork ? [EXPORTED.work] : []),
  ];
}

async function stageArtifact(slug: string, committed: Committed, target: string) {
  await link(committedPath(slug, committed), target);
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(target, { highWaterMark: 1 << 20 })) digest.update(chunk);
  return { committed, sha256: digest.digest('hex') };
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await cp(from, to, { recursive: true });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Bundles what was fetched of the bottle into the repository of its directory. @returns whether there is any. */
async function bundleWork({ identity, cwd }: BottleMetadata, file: string): Promise<boolean> {
  const root = cwd === '' ? undefined : await findRepositoryRoot(cwd).catch(() => undefined);
  if (root === undefined) return false;
  const refs = await readRefs(root, [bottleRefs(identity)]);
  if (refs.length === 0) return false;
  await git(root, ['bundle', 'create', '--quiet', file, ...refs.map(({ name }) => name)]);
  return true;
}
