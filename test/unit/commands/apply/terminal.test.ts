import { join } from 'node:path';
import { expect, it } from 'vitest';
import { KIT } from '../../../support/kit.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';
import { type Answer, KEYS, onTerminal } from '../../../support/terminal.ts';
import { SLUG, WorkedRepository } from '../../../support/worked-repository.ts';

const home = useTemporaryHome();

function run(name: string, repository: WorkedRepository, answers: readonly Answer[], pager: string) {
  const command = [process.execPath, join(KIT, 'scripts', `${name}.ts`), '--bottle', SLUG];
  const env = { PATH: process.env.PATH ?? '', HOME: home.path, BOT_BOTTLE_PAGER: pager };
  return onTerminal(command, answers, { env, cwd: repository.directory });
}

it('on a terminal, make apply shows the diff when asked, and applies only what is chosen', async () => {
  const repository = new WorkedRepository({ a: '1\n', b: '1\n' }, { a: '2\n', b: '2\n' });
  // A list is drawn several times: what is waited for is there only once the one before has been answered.
  const answers: Answer[] = [
    ['apply nothing', KEYS.enter],
    ['b/b', ''],
    ['apply nothing', 'file'],
    ['❯ ask file by file', KEYS.enter],
    ['leave it', KEYS.enter],
    ['skip', ''],
    ['leave it', 'apply it'],
    ['❯ apply it', KEYS.enter],
  ];
  const { exitCode, shown } = await run('apply', repository, answers, 'cat');
  expect([exitCode, repository.read('a'), repository.read('b')], shown).toEqual([0, '1\n', '2\n']);
  expect(shown).toContain('+2');
});

it('a pager that is quit early is no error, and gets colors but no escape sequence of the bottle', async () => {
  const repository = new WorkedRepository({}, { a: '\u001b[2J\n'.repeat(50_000) });
  const { exitCode, shown } = await run('diff', repository, [], 'head -n 9');
  expect([exitCode, shown.includes('\u001b[32m+^[[2J'), shown.includes('\u001b[2J')], shown).toEqual([
    0,
    true,
    false,
  ]);
});
