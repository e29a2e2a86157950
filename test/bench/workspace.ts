#!/usr/bin/env node
// Measures how long a repository takes into a guest and how long work takes home, beside plain git on the host: `git clone
// --no-local` plus a copy of the changes, and `git fetch` of the same work. Needs Docker and a smolvm (SMOLVM; by default the
// kit's fake 1.9.3). SIZES: megabytes, separated by spaces.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Bottle } from '../../lib/guest/bottle.ts';
import { buildImage } from '../../lib/phases/build-image.ts';
import { prepare } from '../../lib/phases/prepare.ts';
import type { PlanWorkspace } from '../../lib/plan/workspace.ts';
import { columns } from '../../lib/terminal/output.ts';
import { copyIn } from '../../lib/workspace/copy-in.ts';
import { fetchRepository } from '../../lib/workspace/fetch-repository.ts';
import { KIT, Sandbox } from '../support/kit.ts';

const SIZES = (process.env.SIZES ?? '10 100 1000').split(' ').map(Number);
const signal = new AbortController().signal;

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const sh = (cwd: string, script: string) => execa('sh', ['-ec', script], { cwd });

/** Files of 1 MB, a third of which compresses, in 20 commits; a tenth of the size is uncommitted. */
function makeRepository(directory: string, megabytes: number) {
  mkdirSync(directory);
  const files = Math.ceil(megabytes / 20);
  return sh(
    directory,
    `git init -q -b main; git config user.name A; git config user.email a@example.com; git config gc.auto 0
     add() { mkdir "$1"; for at in $(seq 1 $2); do { head -c 670000 /dev/urandom; yes $at | head -c 330000; } > "$1/$at"; done; }
     for commit in $(seq 1 20); do add part$commit ${files}; git add .; git commit -qm c$commit; done
     add untracked ${Math.ceil(files * 2)}`,
  );
}

const user = new Sandbox();
user.smolvm = process.env.SMOLVM ?? join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
Object.assign(process.env, user.env);
const work = mkdtempSync(join(tmpdir(), 'bk-bench-'));
const rows: string[][] = [];
await user.writeAgent('bench', ['true'], '', join(KIT, 'test', 'support', 'git', 'image', 'Dockerfile'));
const slug = (await user.run('prepare', ['--agent', 'bench'])).stdout.trim();
try {
  const up = await user.run('up', ['--bottle', slug]);
  if (up.exitCode !== 0) throw new Error(up.stderr);
  const { readRecord } = await import('../../lib/bottle/records.ts');
  const plan = await readRecord(slug, prepare.name, prepare.record);
  const image = await readRecord(slug, buildImage.name, buildImage.record);
  if (plan === undefined || image === undefined) throw new Error('no records');
  for (const megabytes of SIZES) {
    const source = join(work, `source-${megabytes}`);
    await makeRepository(source, megabytes);
    const home = image.data.agent.home;
    const directory = join(home, `copy-${megabytes}`);
    const bottle = new Bottle(plan.data, { ...image.data.agent });
    const target = {
      ...{ slug, agent: { ...image.data.agent, directory } },
      execAsAgent: bottle.execAsAgent.bind(bottle),
      pipeAsAgent: bottle.pipeAsAgent.bind(bottle),
    };
    const clone = join(work, `clone-${megabytes}`);
    const plainIn = await secondsOf(async () => {
      await sh(
        work,
        `git clone -q --no-local source-${megabytes} ${clone}; cp -r ${source}/untracked ${clone}/`,
      );
    });
    const workspace: PlanWorkspace = {
      ...{ kind: 'repository', root: source, takeSecrets: false, leftOut: [], branch: 'main' },
      ...{ changed: 0, untracked: 0, submodules: [], committedSecrets: [] },
    };
    const started = performance.now();
    const copied = await copyIn(target, workspace, { signal, say: () => {} });
    const takenIn = (performance.now() - started) / 1000;
    const agent = `cd ${directory}; git add .; git -c user.name=A -c user.email=a@x commit -qm all; cp -r part1 again`;
    await bottle.execAsAgent(['sh', '-c', agent]);
    await sh(
      clone,
      'git add .; git -c user.name=A -c user.email=a@x commit -qm all; cp -r part1 again; git stash -uq',
    );
    const scratch = join(work, 'scratch');
    mkdirSync(scratch, { recursive: true });
    const [first] = copied.repositories;
    const home1 = await secondsOf(async () => {
      await fetchRepository({
        ...{
          bottle,
          root: source,
          directory,
          objectFormat: 'sha1',
          base: first?.base ?? '',
          tree: first?.tree ?? '',
        },
        ...{ scratch, maxBytes: 4e9, signal, onBytes: () => {} },
      });
    });
    await sh(
      source,
      "git for-each-ref --format='delete %(refname)' refs/bottles | git update-ref --stdin; git prune --expire=now; git repack -adq",
    );
    const plainHome = await secondsOf(() => sh(source, `git fetch -q ${clone} main 'refs/stash:refs/tmp'`));
    const ratio = (one: number, other: number) =>
      `${one.toFixed(1)} s`.padStart(8) + `  ${(one / other).toFixed(2)}`;
    rows.push([
      `${megabytes} MB`,
      `${plainIn.toFixed(1)} s`,
      ratio(takenIn, plainIn),
      `${plainHome.toFixed(1)} s`,
      ratio(home1, plainHome),
    ]);
    console.log(rows.at(-1)?.join('  '));
    rmSync(source, { recursive: true });
    rmSync(clone, { recursive: true });
    await bottle.execAsAgent(['rm', '-rf', directory]);
  }
} finally {
  await user.run('teardown', ['--bottle', slug]);
  user.remove();
  rmSync(work, { recursive: true });
}
console.log(columns([['size', 'clone', 'into the guest, ratio', 'fetch', 'home, ratio'], ...rows]));
