import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { bottleRef, bottleRefs } from '../git/bottle-refs.ts';
import { git } from '../git/git.ts';
import { readRefs } from '../git/repository.ts';
import type { FetchRequest } from './fetch-request.ts';
import { presentObjects, receiveObjects } from './receive-objects.ts';
import { type Report, readReport } from './report.ts';
import { type FetchedRef, updateBottleRefs } from './update-refs.ts';

export interface FetchedRepository {
  readonly root: string;
  /** What went in; undefined when the guest no longer has it. */
  readonly base: string | undefined;
  /** The commit with the bottle's files; undefined without any. */
  readonly result: string | undefined;
  /** Short name of the guest's branch; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** Whether there is anything that did not go in. */
  readonly hasWork: boolean;
  /** Refs that this fetch has changed. */
  readonly changed: readonly FetchedRef[];
  readonly warnings: readonly string[];
}

/**
 * Brings the commits and the uncommitted work of a guest's repository into the host's, as `refs/bottles/<slug>/*`.
 * Nothing of the guest's is run or obeyed: objects are checked apart, and refs change all at once, at the end.
 * @throws BottleError `guest-failed`, `work-refused`, `git-failed`
 */
export async function fetchRepository(request: FetchRequest): Promise<FetchedRepository> {
  const { bottle, root, directory, base, scratch, signal } = request;
  const report = await readReport(bottle, directory, signal);
  const refs = await readRefs(root, [bottleRefs(bottle.slug)]);
  const known = new Map(refs.map(({ name, oid }) => [name, oid]));
  const offered = offeredRefs(report, base);
  const wip = known.get(bottleRef(bottle.slug, 'wip'));
  // The same uncommitted files as before: a new commit of them would only differ in its time.
  if (wip !== undefined && offered.has('wip') && (await isSnapshot(root, wip, report)))
    offered.set('wip', wip);
  const missing = await missingObjects(root, [...new Set(offered.values())]);
  if (missing.length > 0) {
    const quarantine = await mkdtemp(join(scratch, 'incoming-'));
    try {
      await receiveObjects(request, missing, quarantine);
    } finally {
      await rm(quarantine, { recursive: true, force: true });
    }
  }
  const absent = new Set(await missingObjects(root, missing));
  const hasBase = base !== '' && !absent.has(base);
  for (const [name, oid] of offered) {
    if (!absent.has(oid)) continue;
    if (name !== 'base') throw new BottleError('work-refused', `the guest did not send ${oid}, its ${name}`);
    offered.delete(name);
  }
  await assertCommits(root, offered);
  const fresh = await unknownCommits(root, offered);
  const hasWork =
    report.tree !== request.tree ||
    [...offered].some(([name, oid]) => name !== 'base' && name !== 'wip' && fresh.has(oid));
  const wanted = [...offered].filter(([name, oid]) => {
    // Branches and tags that the host has anyway would only be in the way.
    return (
      ['base', 'HEAD', 'wip'].includes(name) || fresh.has(oid) || known.has(bottleRefs(bottle.slug) + name)
    );
  });
  const isToKeep = hasWork || known.size > 0;
  const changed = isToKeep ? await updateBottleRefs(root, bottle.slug, new Map(wanted), known) : [];
  return {
    ...{ root, hasWork, changed, result: report.snapshot, branch: report.branch },
    base: hasBase ? base : undefined,
    warnings: [
      ...report.warnings,
      ...(base !== '' && !hasBase ? ['the guest no longer has the commit with what went in'] : []),
    ],
  };
}

async function isSnapshot(root: string, commit: string, { tree, head }: Report): Promise<boolean> {
  const found = await git(root, ['log', '-1', '--format=%T %P', commit]);
  return found === `${tree} ${head ?? ''}`;
}

/** Name below `refs/bottles/<slug>/` -> object. */
function offeredRefs({ snapshot, head, refs }: Report, base: string): Map<string, string> {
  return new Map([
    ...(base === '' ? [] : [['base', base] as const]),
    ...refs,
    ...(head === undefined ? [] : [['HEAD', head] as const]),
    ...(snapshot === undefined || snapshot === head ? [] : [['wip', snapshot] as const]),
  ]);
}

async function missingObjects(root: string, oids: readonly string[]): Promise<string[]> {
  const present = new Set(await presentObjects(root, oids));
  return oids.filter((oid) => !present.has(oid));
}

/** A tag may name anything; all else must be a commit. @throws BottleError `work-refused` */
async function assertCommits(root: string, refs: ReadonlyMap<string, string>): Promise<void> {
  const others = [...refs].filter(([name]) => !name.startsWith('tags/'));
  const input = others.map(([, oid]) => `${oid}\n`).join('');
  const types = (await git(root, ['cat-file', '--batch-check=%(objecttype)'], { input })).split('\n');
  const [wrong] = others.filter((_, index) => types[index] !== 'commit');
  if (wrong === undefined) return;
  throw new BottleError('work-refused', `the guest’s ${wrong[0]} is no commit`);
}

/** Returns which of the commits the host's branches and tags do not reach. */
async function unknownCommits(root: string, refs: ReadonlyMap<string, string>): Promise<Set<string>> {
  const tips = [...refs].filter(([name]) => name !== 'base').map(([, oid]) => oid);
  const args = ['rev-list', '--objects', '--no-object-names', '--stdin', '--not', '--branches', '--tags'];
  const listed = (await git(root, args, { input: tips.map((oid) => `${oid}\n`).join('') })).split('\n');
  const objects = new Set(listed);
  return new Set(tips.filter((oid) => objects.has(oid)));
}
