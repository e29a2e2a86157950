import { beforeEach, expect, it, vi } from 'vitest';
import { createBottle, type NewBottle } from '../../../lib/bottle/create.ts';
import { checkColor, checkLabel } from '../../../lib/bottle/label.ts';
import { assertSlug } from '../../../lib/bottle/slug.ts';
import { findEditable, openEditor } from '../../../lib/commands/edit/edit.ts';
import { assertFree } from '../../../lib/commands/init/init.ts';
import { requireAgent } from '../../../lib/commands/list/require-agent.ts';
import { BottleError } from '../../../lib/errors.ts';
import { KIT_DIRECTORY } from '../../../lib/host/directories.ts';
import { manifestSources } from '../../../lib/manifest/sources.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();
beforeEach(() => vi.stubEnv('NO_COLOR', '1'));

const LABELLED: NewBottle = {
  ...{ agent: 'dev', bottles: [], cwd: '/work', envFile: '', label: 'My Task', color: '', owner: null },
  labelMustBeFree: true,
};

const MISTAKES: Readonly<Record<string, () => unknown>> = {
  'a label that is too long': () => checkLabel('x'.repeat(65)),
  'a label with a line break': () => checkLabel('a\nb'),
  'an unknown color': () => checkColor('mauve'),
  'a label that is taken': async () => {
    await createBottle(LABELLED);
    return createBottle(LABELLED);
  },
  'an invalid bottle name': () => assertSlug('../x'),
  'no agent': () => requireAgent(undefined, 'info'),
  'a new agent with an invalid name': () => assertFree('agents', '../x', `${home.path}/home`),
  'a new bottle that already exists': async () => {
    await writeFiles(home.path, { 'home/bottles/dev.md': '' });
    return assertFree('bottles', 'dev', `${home.path}/home`);
  },
  'an example to edit': () => findEditable('agents', 'demo', manifestSources(home.path)),
  'an editor that does not exist': () => openEditor('/agents/dev.md', ['/nowhere/ed', '-w']),
  'an editor that fails': () => openEditor('/agents/dev.md', ['false']),
};

it('error messages of commands match the golden file', async () => {
  const sections: string[] = [];
  for (const [title, make] of Object.entries(MISTAKES)) {
    const error: unknown = await Promise.resolve()
      .then(make)
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof BottleError)) throw new Error(`${title}: no error was thrown`);
    const text = errorText(error).replaceAll(home.path, '~').replaceAll(KIT_DIRECTORY, 'KIT');
    sections.push(`## ${title}\n\n${text}\n`);
  }
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/messages.txt');
});
