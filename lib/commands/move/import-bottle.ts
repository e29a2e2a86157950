import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { createBottle } from '../../bottle/create.ts';
import { writeMetadata } from '../../bottle/metadata.ts';
import { bottleDirectory, bottlePaths, stateDirectory } from '../../bottle/paths.ts';
import { BottleError, messageOf } from '../../errors.ts';
import { adoptCommitted } from '../../guest/committed.ts';
import { readJson } from '../../host/read-json.ts';
import { requireBottle } from '../../phases/running-bottle.ts';
import { forgetBottle } from '../../phases/teardown.ts';
import { DEFAULT_MAX_BYTES } from '../../plan/workspace.ts';
import { unpackInto } from '../cp/unpack.ts';
import { EXPORTED, type ExportedBottle, exportedBottle } from './exported.ts';

export interface ImportOptions {
  readonly file: string;
  /** The operator's directory, to which the bottle's work belongs here. */
  readonly cwd: string;
  /** Names the bottle; the exported label when empty. */
  readonly label: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

export interface Imported {
  readonly slug: string;
  readonly exported: ExportedBottle;
  /** A bundle of git with the work that was fetched of it. */
  readonly work: string | undefined;
}

/** Files of an archive: sessions of agents are many small ones. */
const MOST_ENTRIES = 100_000;

/**
 * Takes a bottle out of an exported archive, as a kept one. Nothing of it is started or trusted: the archive is checked as
 * a whole first.
 * @throws BottleError `work-refused` for what `export` would not write, `label-taken`, or `usage` for a file that cannot be
 * read.
 */
export async function importBottle(options: ImportOptions): Promise<Imported> {
  await mkdir(stateDirectory(), { recursive: true, mode: 0o700 });
  // No name of a bottle, so that nothing takes it for one.
  const staging = await mkdtemp(join(stateDirectory(), '.importing-'));
  try {
    const root = join(staging, 'root');
    await mkdir(root, { mode: 0o700 });
    await unpack(root, options);
    const exported = await checked(root);
    const slug = await create(exported, options);
    try {
      return { slug, exported, work: await fill(slug, exported, root) };
    } catch (error) {
      await forgetBottle(slug);
      throw error;
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function unpack(root: string, { file, maxBytes, signal, onBytes }: ImportOptions): Promise<void> {
  const { stream, finish } = unpackInto(root, { maxBytes, maxEntries: MOST_ENTRIES });
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  source.on('data', (chunk) => onBytes(chunk.length));
  try {
    await pipeline(source, createZstdDecompress(), stream, { signal });
    await finish();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BottleError)
      throw new BottleError(error.code, `${file}: ${error.message}`, { hint: 'Nothing was imported.' });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOSPC')
      throw new BottleError('disk-full', `the disk is full: ${file} does not fit`, {
        hint: 'Free some space, then try again.',
      });
    throw new BottleError('usage', `${file} cannot be read as an exported bottle: ${messageOf(error)}`, {
      hint: 'Name a file that `make export` has written.',
    });
  }
}

/** Checks that the archive has what its description says, and nothing else. @throws BottleError `work-refused` */
async function checked(root: string): Promise<ExportedBottle> {
  const description = await readJson(join(root, EXPORTED.description), exportedBottle).catch(
    (error: unknown) => {
      throw refused(messageOf(error).replaceAll(root, ''));
    },
  );
  if (description === undefined) throw refused(`it has no ${EXPORTED.description}`);
  const { artifact, hasWork } = description;
  const files = new Set<string>([
    EXPORTED.description,
    ...(artifact ? [EXPORTED.artifact] : []),
    ...(hasWork ? [EXPORTED.work] : []),
  ]);
  for (const name of await readdir(root)) {
    if (!files.delete(name) && name !== EXPORTED.transcript)
      throw refused(`it has a file ${JSON.stringify(name)}`);
  }
  const [missing] = files;
  if (missing !== undefined) throw refused(`it has no ${missing}`);
  for (const name of await readdir(root, { recursive: true })) {
    const found = await lstat(join(root, name));
    if (!found.isFile() && !found.isDirectory()) throw refused(`${JSON.stringify(name)} is no file`);
  }
  if (artifact === undefined) return description;
  const { size } = await lstat(join(root, EXPORTED.artifact));
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(join(root, EXPORTED.artifact), { highWaterMark: 1 << 20 }))
    digest.update(chunk);
  if (size !== artifact.committed.bytes || digest.digest('hex') !== artifact.sha256)
    throw refused('its artifact is damaged');
  return description;
}

async function create({ slug, metadata }: ExportedBottle, { cwd, label }: ImportOptions): Promise<string> {
  const created = await createBottle({
    agent: metadata.agent_name,
    bottles: metadata.bottle_names,
    cwd,
    workspace: metadata.copy_cwd ? { takeSecrets: false, maxBytes: DEFAULT_MAX_BYTES } : undefined,
    envFile: '',
    // Its name is the same where it is free; two bottles of one name could not be told apart in the repository.
    label: label || slug,
    color: metadata.color,
    owner: null,
    labelMustBeFree: true,
  });
  await writeMetadata({
    ...(await requireBottle(created)),
    label: label || metadata.label,
    kept: true,
    ...(metadata.tier === undefined ? {} : { tier: metadata.tier }),
  });
  return created;
}

async function fill(
  slug: string,
  { artifact, hasWork }: ExportedBottle,
  root: string,
): Promise<string | undefined> {
  if (artifact !== undefined) await adoptCommitted(slug, artifact.committed, join(root, EXPORTED.artifact));
  await rename(join(root, EXPORTED.transcript), bottlePaths.transcript(slug)).catch(() => {});
  if (!hasWork) return undefined;
  const work = join(bottleDirectory(slug), EXPORTED.work);
  await rename(join(root, EXPORTED.work), work);
  return work;
}

function refused(reason: string): BottleError {
  return new BottleError('work-refused', `the archive is refused: ${reason}`, {
    hint: 'Nothing was imported. Export the bottle again with a kit of the same version.',
  });
}
