import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { journal, markUndone } from '../../bottle/journal.ts';
import { bottleDirectory } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { imageConfig, loadImage } from '../../docker/image.ts';
import { BottleError, messageOf } from '../../errors.ts';
import type { ImageSettings } from '../../freeze/image-archive.ts';
import type { SecretFile } from '../../freeze/secret-search.ts';
import { snapshotRules } from '../../freeze/snapshot-rules.ts';
import {
  type Committed,
  committedPath,
  committedReference,
  readCommitted,
  writeCommitted,
} from '../../guest/committed.ts';
import { withLock } from '../../host/lock.ts';
import { sizeText } from '../../host/size.ts';
import { type AgentImage, buildImage } from '../../phases/build-image.ts';
import { createGuest } from '../../phases/create-guest.ts';
import { initGuest } from '../../phases/init-guest.ts';
import { mintCerts } from '../../phases/mint-certs.ts';
import { runningBottle } from '../../phases/running-bottle.ts';
import { proxyDaemonOf } from '../../plan/agent-facing.ts';
import type { Plan } from '../../plan/schema.ts';
import { freeBytes } from '../../prepare/disk.ts';
import { SmolvmClient } from '../../smolvm/client.ts';
import { saveTranscript } from '../transcript/save-transcript.ts';
import { ownSecrets } from './own-secrets.ts';
import { placeholderFiles } from './placeholder-files.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** How long to wait for another freeze of the same bottle. */
const LOCK_TIMEOUT_MS = 30 * 60_000;

export interface FreezeOptions {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Whether to look for secrets in the guest's files. */
  readonly searches: boolean;
  /** Called with the bytes of the last freeze, if there was one, and returns what to call with each part's bytes. */
  readonly onStart: (expected: number | undefined) => (count: number) => void;
}

export interface Frozen {
  readonly slug: string;
  readonly path: string;
  readonly bytes: number;
  readonly image: string;
  /** Paths that changed while they were read, or could not be read; and how many more there are. */
  readonly changed: readonly string[];
  readonly secrets: readonly SecretFile[];
}

/**
 * Snapshots the guest of a running bottle, which runs on, into what a guest boots from. The last freeze is replaced only
 * when this one is whole.
 * @throws BottleError `state-missing` when the bottle is not up, `guest-failed`, `work-refused`, `disk-full`
 */
export async function freeze(slug: string, options: FreezeOptions): Promise<Frozen> {
  const lock = join(bottleDirectory(slug), 'locks', 'freeze.db');
  await runningBottle(slug);
  const onWait = () => options.say('another freeze of this bottle is under way; waiting for it');
  return withLock(lock, () => freezeLocked(slug, options), {
    timeoutMs: LOCK_TIMEOUT_MS,
    onWait,
    signal: options.signal,
  });
}

async function freezeLocked(slug: string, options: FreezeOptions): Promise<Frozen> {
  const { plan, bottle } = await runningBottle(slug);
  const image = await requireRecord(slug, buildImage);
  const last = await readCommitted(slug);
  const partial = join(bottleDirectory(slug), 'freezing');
  await assertSpace(slug, last);
  const id = await journal(slug, 'freeze', { kind: 'path', path: partial });
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  try {
    const settings = await settingsOf(slug, image);
    const archive = join(partial, 'image.tar');
    const rules = snapshotRules({
      certificatePem: await caOf(slug, plan),
      repairsOwnership: plan.handoff === 'registry-pack',
      home: image.agent.home,
    });
    const booted = await readRecord(slug, initGuest.name, initGuest.record);
    const search = {
      values: await ownSecrets(plan),
      except: await placeholderFiles(plan, image.agent),
      since: Date.parse(booted?.at ?? new Date(0).toISOString()),
    };
    const taken = await takeSnapshot(bottle, {
      archive,
      tag: committedReference(slug),
      settings,
      rules,
      search: options.searches ? search : undefined,
      signal: options.signal,
      onBytes: options.onStart(last?.layerBytes),
    });
    const committed: Committed = {
      version: 1,
      at: new Date().toISOString(),
      ...(await handOver(plan, { archive, partial, id: taken.image.id }, options)),
      layerBytes: taken.layerBytes,
      image: { reference: committedReference(slug), id: taken.image.id },
      origin: { reference: image.reference, id: image.id },
      settings: {
        ...settings,
        Env: [...settings.Env],
        Entrypoint: [...settings.Entrypoint],
        Cmd: [...settings.Cmd],
      },
      agent: image.agent,
      tool: image.tool ?? '',
      smolvm: plan.smolvm.version,
    };
    options.signal.throwIfAborted();
    for (const name of filesOf(committed))
      await rename(join(partial, name), join(bottleDirectory(slug), name));
    await writeCommitted(slug, committed);
    await replaceLast(slug, committed);
    await saveTranscript(slug, options.say);
    const { changed, secrets } = taken;
    const path = committedPath(slug, committed);
    return { slug, path, bytes: committed.bytes, image: committed.image.reference, changed, secrets };
  } finally {
    await rm(partial, { recursive: true, force: true });
    await markUndone(slug, id);
  }
}

/** Makes of the archive what this bottle's smolvm boots from, in the directory of unfinished files. */
async function handOver(
  plan: Plan,
  { archive, partial, id }: { archive: string; partial: string; id: string },
  { signal, say }: FreezeOptions,
): Promise<Pick<Committed, 'kind' | 'file' | 'bytes'>> {
  const { slug } = plan;
  const name = `committed-smolmachine-${randomBytes(4).toString('hex')}`;
  if (plan.handoff === 'archive') {
    const file = `${name}.tar`;
    await rename(archive, join(partial, file));
    return { kind: 'archive', file, bytes: (await stat(join(partial, file))).size };
  }
  const file = `${name}.smolmachine`;
  const path = join(partial, file);
  const reference = committedReference(slug);
  const { packTarball } = await import('../../handoff/registry-pack.ts');
  const willUndo = async (action: Parameters<typeof journal>[2]) => {
    const entry = await journal(slug, 'freeze', action);
    return () => markUndone(slug, entry);
  };
  await packTarball(
    {
      ...{ slug, signal, say, willUndo, workspace: partial },
      image: { reference, id },
      client: new SmolvmClient(plan.smolvm),
    },
    archive,
    path,
  );
  say(`adding ${reference} to the Docker engine`);
  await loadImage(archive, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    say(`${reference} is not in the Docker engine: ${messageOf(error).split('\n')[0]}`);
  });
  return { kind: 'artifact', file, bytes: (await stat(path)).size };
}

/** A pack has a launcher beside it. */
function filesOf({ file }: Pick<Committed, 'file'>): string[] {
  return file.endsWith('.smolmachine') ? [basename(file, '.smolmachine'), file] : [file];
}

/** Points the names without a random part to this freeze, and removes what others have left. */
async function replaceLast(slug: string, { file }: Committed): Promise<void> {
  const directory = bottleDirectory(slug);
  const ending = file.slice(file.lastIndexOf('.'));
  const own = filesOf({ file });
  const links = new Map(own.map((name) => [`committed-smolmachine${name === file ? ending : ''}`, name]));
  // smolvm reads a pack at each start of its machine.
  const booted = await readRecord(slug, createGuest.name, createGuest.record);
  const { kind, path = '' } = booted?.data.boot ?? {};
  const inUse = kind === 'artifact' ? basename(path, '.smolmachine') : '';
  const kept = new Set([...own, ...links.keys(), inUse, `${inUse}.smolmachine`]);
  for (const name of await readdir(directory)) {
    if (name.startsWith('committed-smolmachine') && !kept.has(name)) await rm(join(directory, name));
  }
  for (const [link, target] of links) {
    const fresh = join(directory, `${target}.link`);
    await symlink(target, fresh);
    await rename(fresh, join(directory, link));
  }
}

/** Of a bottle that booted from a freeze, as that one has it: the engine need not have its image. */
async function settingsOf(slug: string, image: AgentImage): Promise<ImageSettings> {
  const last = image.committed === undefined ? undefined : await readCommitted(slug);
  if (last !== undefined) return last.settings;
  const { user, directory, environment, entrypoint, cmd, labels } = await imageConfig(image.boot.reference);
  return {
    User: user,
    WorkingDir: directory,
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Entrypoint: entrypoint,
    Cmd: cmd,
    Labels: labels,
  };
}

async function caOf(slug: string, plan: Plan): Promise<string> {
  const certs = await requireRecord(slug, mintCerts);
  const { certificate } = (proxyDaemonOf(plan) === 'pipelock' && certs.pipelock) || certs;
  return readFile(certificate, 'utf8');
}

async function requireRecord<T>(
  slug: string,
  phase: { name: string; record: Parameters<typeof readRecord<T>>[2] },
): Promise<T> {
  const record = await readRecord(slug, phase.name, phase.record);
  if (record !== undefined) return record.data;
  throw new BottleError('state-missing', `the bottle ${slug} has no record of ${phase.name}`, {
    hint: `Bring it up: make up BOTTLE=${slug}`,
  });
}

/** Fails early where the last freeze already needed more than there is. */
async function assertSpace(slug: string, last: Committed | undefined): Promise<void> {
  if (last === undefined) return;
  const free = await freeBytes(bottleDirectory(slug));
  if (free > last.layerBytes) return;
  throw new BottleError(
    'disk-full',
    `the last freeze of ${slug} took ${sizeText(last.layerBytes)}, and ${sizeText(free)} are free at ${bottleDirectory(slug)}`,
    { hint: 'Free some space: the last freeze stays until the next one is whole.' },
  );
}
