import { describe, expect, it, vi } from 'vitest';
import { askFirstAgent } from '../../../lib/commands/init/ask-first-agent.ts';
import { askBottles } from '../../../lib/commands/launch/choose-launch.ts';
import type { Described } from '../../../lib/commands/list/describe-manifests.ts';
import { askEach, askPrompted } from '../../../lib/commands/up/ask-prompted.ts';
import { type Asker, checkSecret, matching } from '../../../lib/terminal/ask.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

/** Gives the answers in order, and records the questions. */
function answering(...answers: string[]): { ask: Asker; questions: string[] } {
  const questions: string[] = [];
  const next = async (question: string) => {
    questions.push(question);
    return answers.shift() ?? '';
  };
  /** As on a terminal, repeats the question after an invalid answer. */
  const text: Asker['text'] = async (question, options = {}) => {
    const answer = await next(question);
    const problem = await options.check?.(answer);
    if (problem === undefined) return answer;
    questions.push(problem);
    return text(question, options);
  };
  return { ask: { secret: next, text, choose: next, confirm: async () => true }, questions };
}

describe('values that are entered at launch', () => {
  const odd = 'line\nline\t\u0007"$(id)` \u00fc\u{1f98a}';

  it('answers go unchanged into the environment that phases inherit', async () => {
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

  it('questions contain no control characters', async () => {
    const { ask, questions } = answering('x');
    await askEach([['A', 'red \u001b[31m']], ask, {});
    expect(questions).toEqual(['red ·[31m (A):']);
  });

  it('answers that are empty or cannot be in an environment are refused', () => {
    expect(checkSecret(odd)).toBe(true);
    expect(checkSecret('')).toMatch(/empty/);
    expect(checkSecret('a\0b')).toMatch(/NUL/);
    expect(checkSecret('a\ufffdb')).toMatch(/not UTF-8/);
  });

  const plan = { environment: { literals: {}, forwarded: {}, files: {}, prompted: { PIN: '', TAN: '' } } };
  const signal = new AbortController().signal;

  it('without a terminal, the error names the variables of missing answers', async () => {
    vi.stubEnv('BOT_BOTTLE_PROMPTED_PIN', '');
    const result = askPrompted(plan, signal, { BOT_BOTTLE_PROMPTED_PIN: 'x' });
    await expect(result).rejects.toMatchObject({
      code: 'variable-missing',
      message: 'TAN must be entered at launch, but there is no terminal',
      hint: expect.stringContaining('BOT_BOTTLE_PROMPTED_TAN'),
    });
  });

  it('answers that are already set are not prompted for', async () => {
    const environment = { BOT_BOTTLE_PROMPTED_PIN: 'x', BOT_BOTTLE_PROMPTED_TAN: 'y' };
    await expect(askPrompted(plan, signal, environment)).resolves.toBeUndefined();
  });
});

const bottle = (name: string): Described => ({
  ...{
    name,
    file: `/${name}.md`,
    origin: 'home',
    bottle: '',
    template: '',
    description: '',
    isBroken: false,
  },
});

describe('choices', () => {
  it('askBottles returns bottles in the order of the answers', async () => {
    const { ask, questions } = answering('net', 'base', 'no more');
    expect(await askBottles('dev', ['base', 'net', 'x'].map(bottle), ask)).toEqual(['net', 'base']);
    expect(questions[2]).toBe('net, then base; add another on top?');
  });

  it('askBottles stops when every bottle is picked', async () => {
    const { ask, questions } = answering('b', 'a');
    expect(await askBottles('dev', ['a', 'b'].map(bottle), ask)).toEqual(['b', 'a']);
    expect(questions).toHaveLength(2);
  });

  it('a list is filtered by all typed words, in any order', () => {
    const choices = ['dev  works on the kit', 'demo  looks around'].map((label) => ({ value: label, label }));
    expect(matching(choices, 'KIT de')).toHaveLength(1);
    expect(matching(choices, 'de')).toHaveLength(2);
    expect(matching(choices, '')).toHaveLength(2);
    expect(matching(choices, 'nothing')).toEqual([]);
  });

  it('each choice fits on one line, and its answer is its value', () => {
    const [choice] = matching([{ value: 'dev', label: `dev  ${'x'.repeat(100)}` }], 'xxx', 60);
    expect(choice?.name).toHaveLength(57);
    expect(choice).toMatchObject({ value: 'dev', short: 'dev' });
  });
});

describe('the questions of init', () => {
  it('init asks for a program and an image for the template `command`', async () => {
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
      credential: undefined,
      dockerfile: './Dockerfile',
      hosts: ['a.example', 'b.example'],
      prompt: 'Be kind.',
    });
  });

  it('init repeats a question after an invalid answer', async () => {
    await writeFiles(home.path, { 'home/agents/dev.md': '---\n{}\n---\n' });
    const { ask, questions } = answering(
      'dev',
      '../x',
      'helper',
      'box',
      'claude',
      'api_key',
      'MY KEY',
      'MY_KEY',
      '',
      'https://a.example/',
      'a.example',
    );
    const first = await askFirstAgent({}, `${home.path}/home`, ask);
    expect(first).toMatchObject({
      agent: 'helper',
      credential: { kind: 'api_key', token_ref: 'MY_KEY' },
      hosts: ['a.example'],
    });
    expect(questions.map((text) => text.replace(home.path, '~'))).toEqual([
      'Name of the agent:',
      '~/home/agents/dev.md already exists, and was not changed: Choose another name, or edit that file: make edit AGENT=dev',
      'Name of the agent:',
      expect.stringMatching(/^'..\/x' is not a valid name: a name starts with/),
      'Name of the agent:',
      'Name of its bottle:',
      'What runs in it?',
      'What does it sign in with?',
      'Variable of your shell that holds it:',
      'MY KEY is not a valid variable name.',
      'Variable of your shell that holds it:',
      expect.stringContaining('Dockerfile'),
      expect.stringContaining('Hosts'),
      expect.stringMatching(/^https:\/\/a\.example\/ must be a full DNS name/),
      expect.stringContaining('Hosts'),
      expect.stringContaining('system prompt'),
    ]);
  });

  it('init keeps a space in a word of the command after a backslash', async () => {
    const { ask } = answering('command', 'node /my\\ files/x.mjs', './Dockerfile');
    const { command } = await askFirstAgent({ agent: 'a', bottle: 'a' }, '/nowhere', ask);
    expect(command).toEqual(['node', '/my files/x.mjs']);
  });

  it('init does not ask for names that are given', async () => {
    const { ask, questions } = answering('claude', '', '', '');
    await askFirstAgent({ agent: 'helper', bottle: 'box' }, '/nowhere', ask);
    expect(questions[0]).toBe('What runs in it?');
  });
});
