import { isNone, type RefCommand } from '../../contract/git-gate/control.ts';
import type { PushRules } from '../../contract/git-gate/repos.ts';
import type { Check, Pending } from './check.ts';
import { globMatches } from './glob.ts';
import { safeName } from './safe-name.ts';

/**
 * Options of a push that upstream gets. Others do what no rule allows: some forges merge into the default branch by
 * them, or make a repository public.
 */
const OPTIONS: ReadonlySet<string> = new Set(['ci.skip', 'ci.no_pipeline']);

/** What the manifest lets a push do to refs. Each fault names the key that would allow it. */
export const rules: Check = {
  name: 'rules',
  run: async (pending) => {
    const { repo } = pending;
    if (repo.push === false) return [`pushes are off (git-gate.repos.${repo.name}.push)`];
    const defaultBranch = await pending.mirror.head();
    const faults = pending.options.every((option) => OPTIONS.has(option)) ? [] : [noOption()];
    for (const command of pending.commands) {
      faults.push(...(await faultsOf(command, repo.push, defaultBranch, pending)));
    }
    return faults;
  },
};

function noOption(): string {
  return `of the options of a push, only ${[...OPTIONS].join(' and ')} are passed on`;
}

async function faultsOf(
  command: RefCommand,
  allowed: PushRules,
  defaultBranch: string,
  pending: Pending,
): Promise<string[]> {
  const { ref, old } = command;
  const key = `git-gate.repos.${pending.repo.name}.push`;
  const name = safeName(ref, pending.scan);
  const isTag = ref.startsWith('refs/tags/');
  if (!isTag && !ref.startsWith('refs/heads/')) return [`${name}: only branches and tags can be pushed`];
  const faults: string[] = [];
  const fault = (what: string, allows: string) => faults.push(`${name}: ${what} (${key}.${allows})`);

  if (isTag && !allowed.tags) fault('tags may not be pushed', 'tags: true');
  if (!isTag && !isBranchAllowed(ref, allowed, defaultBranch)) {
    const what = ref === defaultBranch ? 'is upstream’s default branch' : 'this branch may not be pushed';
    fault(what, `branches: [${name.slice('refs/heads/'.length)}]`);
  }
  if (isNone(command.new)) {
    if (!allowed.delete) fault('may not be deleted', 'delete: true');
  } else if (isNone(old)) {
    if (!isTag && !allowed.create) fault('new branches may not be made', 'create: true');
  } else if (!allowed.force && (isTag || !(await isForward(command, pending)))) {
    fault(isTag ? 'may not be moved' : 'would drop commits that upstream has', 'force: true');
  }
  return faults;
}

function isBranchAllowed(ref: string, { branches }: PushRules, defaultBranch: string): boolean {
  if (branches === null) return ref !== defaultBranch;
  return branches.some((glob) => globMatches(glob, ref.slice('refs/heads/'.length)));
}

function isForward({ old, new: id }: RefCommand, { mirror, local }: Pending): Promise<boolean> {
  return mirror.succeeds(['merge-base', '--is-ancestor', old, id], local);
}
