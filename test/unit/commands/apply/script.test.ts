import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { KIT } from '../../../support/kit.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';
import { SLUG, WorkedRepository } from '../../../support/worked-repository.ts';

useTemporaryHome();

/** Runs a script in a repository, without a terminal. */
async function run(name: 'apply' | 'diff', { directory }: WorkedRepository, ...flags: string[]) {
  const script = join(KIT, 'scripts', `${name}.ts`);
  const options = { cwd: directory, reject: false, detached: true, stdin: 'ignore' } as const;
  return execa(process.execPath, [script, '--bottle', SLUG, ...flags], options);
}

describe('make apply', () => {
  it('without a terminal it applies nothing until it is told to', async () => {
    const repository = new WorkedRepository({ a: '1' }, { a: '2', Makefile: 'x:\n' });
    const asked = await run('apply', repository);
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining('add YES=1')]);
    expect(asked.stderr).toContain('runs on your host');
    expect(repository.read('a')).toBe('1');
    const told = await run('apply', repository, '--yes', '--file', 'a');
    expect([told.exitCode, told.stderr]).toEqual([0, expect.stringContaining('applied 1 of 1')]);
    expect(told.stderr).toContain(`git merge refs/bottles/${SLUG}/heads/feature`);
    expect([repository.read('a'), repository.read('Makefile')]).toEqual(['2', undefined]);
  });

  it('ends with 75 and names the files that it left', async () => {
    const repository = new WorkedRepository({ a: '1', b: '1' }, { a: '2', b: '2' });
    repository.write('a', 'mine');
    const { exitCode, stdout, stderr } = await run('apply', repository, '--yes', '--json');
    expect([exitCode, stderr]).toEqual([75, expect.stringContaining('a: you have changed it')]);
    const left = [{ path: 'a', reason: 'you have changed it' }];
    expect(JSON.parse(stdout)).toEqual({
      repository: repository.directory,
      applied: ['b'],
      already: [],
      left,
    });
  });

  it('no branch of the bottle is printed that a shell would run when it is copied', async () => {
    const repository = new WorkedRepository({ a: '1' }, { a: '2' });
    repository.ref("heads/$(touch$IFS'x')", repository.git('rev-parse', 'HEAD'));
    expect((await run('apply', repository, '--yes')).stderr).not.toContain('$(');
  });
});

describe('make diff', () => {
  it('lists files as JSON and as a table', async () => {
    const repository = new WorkedRepository({ a: '1\n' }, { a: '2\n', 'x\u001b[2J': Buffer.from([0]) });
    const { stdout } = await run('diff', repository, '--json');
    expect(JSON.parse(stdout).files).toEqual([
      { path: 'a', status: 'modified', added: 1, deleted: 1 },
      { path: 'x\u001b[2J', status: 'added', added: null, deleted: null },
    ]);
    const table = (await run('diff', repository, '--stat')).stdout;
    expect(table).toBe('a       +1 -1\nx^[[2J  binary  new\n2 files, +1 -1 lines');
  });

  it('several files in one value stand on lines of their own', async () => {
    const repository = new WorkedRepository({}, { 'a b': '1\n', c: '2\n', d: '3\n' });
    const { stdout } = await run('diff', repository, '--stat', '--file', 'a b\nc');
    expect(stdout).toContain('2 files');
  });
});
