import { agentOf, yaml } from '../../../support/manifest-workspace.ts';
import type { GoldenCase } from './golden-case.ts';

/** Bottles with one line each; the agent runs in `a`. */
function bottles(title: string, lines: Readonly<Record<string, string>>): GoldenCase {
  const files = Object.entries(lines).map(([name, line]) => [`home/bottles/${name}.md`, yaml(line)]);
  return { title, files: { 'home/agents/dev.md': agentOf('a'), ...Object.fromEntries(files) } };
}

export const extendsCases: readonly GoldenCase[] = [
  bottles('a parent that does not exist', { a: 'extends: bsae', base: '', web: '' }),
  bottles('a parent of a parent that does not exist', { a: 'extends: b', b: 'extends: nothing' }),
  bottles('a bottle that extends itself', { a: 'extends: a' }),
  bottles('a circle of two', { a: 'extends: b', b: 'extends: a' }),
  bottles('a circle further up', { a: 'extends: b', b: 'extends: c', c: 'extends: d', d: 'extends: b' }),
  bottles('a parent that is a list', { a: 'extends: [b, c]', b: '', c: '' }),
  bottles('a parent that is a path', { a: 'extends: ../b', b: '' }),
  bottles('a broken parent', { a: 'extends: b', b: 'egres: {}' }),
  {
    title: 'a parent that only the working directory has',
    files: {
      'home/agents/dev.md': agentOf('a'),
      'home/bottles/a.md': yaml('extends: theirs'),
      'cwd/.bot-bottle/bottles/theirs.md': yaml(),
    },
  },
];
