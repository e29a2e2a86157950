import { describe, expect, it, vi } from 'vitest';
import { askFirstAgent } from '../../../lib/commands/init/ask-first-agent.ts';
import { askBottles } from '../../../lib/commands/launch/choose-launch.ts';
import type { Described } from '../../../lib/commands/list/describe-manifests.ts';
import { askEach, askPrompted } from '../../../lib/commands/up/ask-prompted.ts';
import { type Asker, checkSecret, matching } from '../../../lib/terminal/ask.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

/** Answers in the order of the questions, and remembers those. */
function answering(...answers: string[]): { ask: Asker; questions: string[] } {
  const questions: string[] = [];
  const next = async (question: string) => {
    questions.push(question);
    return answers.shift() ?? '';
  };
  /** As on a terminal, an answer that will not do is asked for again. */
  const text: Asker['text'] = async (question, options = {}) => {
    const answer = await next(question);
    const problem = await options.check?.(answer);
    if (problem === undefined) return answer;
    questions.push(problem);
    return text(question, options);
  };
  return { ask: { secret: next, text, choose: next, confirm: async () => true }, questions };
}

describe('answers that a manifest wants at launch', () => {
  const odd = 'line\nline\t\u0007"$(id)` \u00fc\u{1f98a}';

  it('go into the environment that phases inherit, byte for byte', async () => {
    const environment: NodeJS.ProcessEnv = {};
    const { ask, questions } = answering(odd, 'b');
    await askEach(
      [
        ['PIN', 'What is the PIN'],
        ['OTHER', ''],
      ],
      ask,
      environment,
    );
    expect(environment).toEqual({ BOT_BOTTLE_PROMPTED_PIN: odd, BOT_BOTTLE_PROMPTED_OTHER: 'b' });
    expect(questions).toEqual(['What is the PIN (PIN):', 'OTHER:']);
  });

  it('cannot make the terminal do anything by their question', async () => {
    const { ask, questions } = answering('x');
    await askEach([['A', 'red \u001b[31m']], ask, {});
    expect(questions).toEqual(['red ·[31m (A):']);
  });

  it('are refused when empty, or when they hold what no environment can', () => {
    expect(checkSecret(odd)).toBe(true);
    expect(checkSecret('')).toMatch(/empty/);
    expect(checkSecret('a\0b')).toMatch(/NUL/);
    expect(checkSecret('a\ufffdb')).toMatch(/no UTF-8/);
  });

  const plan = { environment: { literals: {}, forwarded: {}, prompted: { PIN: '', TAN: '' } } };
  const signal = new AbortController().signal;

  it('are not asked for where there is no terminal: their variables are named', async () => {
    vi.stubEnv('BOT_BOTTLE_PROMPTED_PIN', '');
    const asked = askPrompted(plan, signal, { BOT_BOTTLE_PROMPTED_PIN: 'x' });
    await expect(asked).rejects.toMatchObject({
      code: 'variable-missing',
      message: 'TAN must be asked for, and there is no terminal',
      hint: expect.stringContaining('BOT_BOTTLE_PROMPTED_TAN'),
    });
  });

  it('are not asked for again when they are there', async () => {
    const environment = { BOT_BOTTLE_PROMPTED_PIN: 'x', BOT_BOTTLE_PROMPTED_TAN: 'y' };
    await expect(askPrompted(plan, signal, environment)).resolves.toBeUndefined();
  });
});

const bottle = (name: string): Described => ({
  ...{ name, file: `/${name}.md`, origin: 'home', bottle: '', description: '', isBroken: false },
});

describe('choosing', () => {
  it('picks bottles in the order in which they are named, until there are enough', async () => {
    const { ask, questions } = answering('net', 'base', 'no more');
    expect(await askBottles('dev', ['base', 'net', 'x'].map(bottle), ask)).toEqual(['net', 'base']);
    expect(questions[2]).toBe('net, then base; and over it?');
  });

  it('asks no further when every bottle is picked', async () => {
    const { ask, questions } = answering('b', 'a');
    expect(await askBottles('dev', ['a', 'b'].map(bottle), ask)).toEqual(['b', 'a']);
    expect(questions).toHaveLength(2);
  });

  it('filters by every word typed, wherever it stands', () => {
    const choices = ['dev  works on the kit', 'demo  looks around'].map((label) => ({ value: label, label }));
    expect(matching(choices, 'KIT de')).toHaveLength(1);
    expect(matching(choices, 'de')).toHaveLength(2);
    expect(matching(choices, '')).toHaveLength(2);
    expect(matching(choices, 'nothing')).toEqual([]);
  });

  it('keeps each choice within a line of the terminal, and answers with its name', () => {
    const [choice] = matching([{ value: 'dev', label: `dev  ${'x'.repeat(100)}` }], 'xxx', 60);
    expect(choice?.name).toHaveLength(57);
    expect(choice).toMatchObject({ value: 'dev', short: 'dev' });
  });
});

describe('the questions of init', () => {
  it('ask for a program and an image when the agent is none that is known', async () => {
    const { ask } = answering(
      'helper',
      'box',
      'command',
      'node main.mjs',
      './Dockerfile',
      'a.example, b.example',
      'Be kind.',
    );
    expect(await askFirstAgent({}, '/nowhere', ask)).toEqual({
      agent: 'helper',
      bottle: 'box',
      template: 'command',
      command: ['node', 'main.mjs'],
      dockerfile: './Dockerfile',
      hosts: ['a.example', 'b.example'],
      prompt: 'Be kind.',
    });
  });

  it('are asked again for an answer that cannot stand, before anything else is asked', async () => {
    await writeFiles(home.path, { 'home/agents/dev.md': '---\n{}\n---\n' });
    const { ask, questions } = answering(
      'dev',
      '../x',
      'helper',
      'box',
      'claude',
      '',
      'https://a.example/',
      'a.example',
    );
    const first = await askFirstAgent({}, `${home.path}/home`, ask);
    expect(first).toMatchObject({ agent: 'helper', hosts: ['a.example'] });
    expect(questions.map((text) => text.replace(home.path, '~'))).toEqual([
      'Name of the agent:',
      '~/home/agents/dev.md is there already, and is left as it is: Choose another name, or change that one: make edit AGENT=dev',
      'Name of the agent:',
      expect.stringMatching(/^'..\/x' cannot be a name: a name starts with/),
      'Name of the agent:',
      'Name of its bottle:',
      'What runs in it?',
      expect.stringContaining('Dockerfile'),
      expect.stringContaining('Hosts'),
      expect.stringMatching(/^https:\/\/a\.example\/ must be one whole DNS name/),
      expect.stringContaining('Hosts'),
      expect.stringContaining('system prompt'),
    ]);
  });

  it('keep a blank in a word of the program that is written with a backslash', async () => {
    const { ask } = answering('command', 'node /my\\ files/x.mjs', './Dockerfile');
    const { command } = await askFirstAgent({ agent: 'a', bottle: 'a' }, '/nowhere', ask);
    expect(command).toEqual(['node', '/my files/x.mjs']);
  });

  it('leave out what is known', async () => {
    const { ask, questions } = answering('claude', '', '', '');
    await askFirstAgent({ agent: 'helper', bottle: 'box' }, '/nowhere', ask);
    expect(questions[0]).toBe('What runs in it?');
  });
});
