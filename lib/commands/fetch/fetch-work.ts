import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bottleDirectory } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { BottleError } from '../../errors.ts';
import { isRepositoryRoot } from '../../git/repository.ts';
import { withLock } from '../../host/lock.ts';
import { guestOf, requireBottle } from '../../phases/running-bottle.ts';
import { workspace } from '../../phases/workspace.ts';
import type { CopiedWorkspace } from '../../workspace/copy-in.ts';
import { type FetchedRepository, fetchRepository } from '../../workspace/fetch-repository.ts';

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** Bytes that one repository may send; `DEFAULT_MAX_BYTES` when absent. */
  readonly maxBytes?: number;
  onBytes?(count: number): void;
}

/** Bytes. More than a disk should get without being asked. */
export const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;

const LOCK_TIMEOUT_MS = 10 * 60_000;

/**
 * Fetches the work of a bottle into the repository that it has a copy of, and into its submodules.
 * @throws BottleError `state-missing` for a bottle without a copy of a repository; those of `fetchRepository`.
 */
export async function fetchWork(slug: string, options: FetchOptions): Promise<FetchedRepository[]> {
  const copied = await copiedInto(slug);
  if (copied.kind !== 'repository') {
    throw new BottleError('state-missing', `the bottle ${slug} has no copy of a git repository`, {
      hint: `Copy files out of it: make cp BOTTLE=${slug} FROM=guest:${copied.directory || '…'} TO=…`,
    });
  }
  const { bottle } = await guestOf(slug);
  const scratch = join(bottleDirectory(slug), 'incoming');
  const work = async () => {
    // What a killed fetch has left.
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { mode: 0o700 });
    const fetched: FetchedRepository[] = [];
    for (const { path, objectFormat, base, tree } of copied.repositories) {
      const root = join(copied.root, path);
      await assertRepository(root);
      fetched.push(
        await fetchRepository({
          ...{ bottle, root, directory: join(copied.directory, path), objectFormat, base, tree, scratch },
          maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
          signal: options.signal,
          onBytes: options.onBytes ?? (() => {}),
        }),
      );
    }
    await rm(scratch, { recursive: true, force: true });
    return fetched;
  };
  return withLock(join(bottleDirectory(slug), 'locks', 'fetch.db'), work, { timeoutMs: LOCK_TIMEOUT_MS });
}

/** Returns what went into a bottle. @throws BottleError `state-missing` when there is no such bottle. */
async function copiedInto(slug: string): Promise<CopiedWorkspace> {
  await requireBottle(slug);
  const record = await readRecord(slug, workspace.name, workspace.record);
  if (record !== undefined) return record.data;
  throw new BottleError('state-missing', `the bottle ${slug} is not up, or has not got its copy yet`, {
    hint: `Bring it up: make up BOTTLE=${slug}`,
  });
}

async function assertRepository(root: string): Promise<void> {
  if (await isRepositoryRoot(root).catch(() => false)) return;
  throw new BottleError('git-failed', `${root}, where the work belongs, is no git repository any more`, {
    hint: 'Put it back. Until then the work stays in the bottle.',
  });
}
