import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, KEYS, onTerminal } from '../../support/terminal.ts';

const { enter, ctrlC, ctrlD } = KEYS;
const ASKS = path.join(import.meta.dirname, '../../support/asks-for-pin.ts');
const QUESTION = 'What is the PIN (PIN):';
const env = { PATH: process.env.PATH ?? '', HOME: '/nowhere', NO_COLOR: '1' };

const prompt = (...answers: Answer[]) => onTerminal([process.execPath, ASKS], answers, { env });
const printedAnswer = (answer: string) => `answer=${Buffer.from(answer).toString('base64')};`;

/** Needs `script` from util-linux; on other systems it takes other options. */
describe.skipIf(process.platform !== 'linux')('prompts for a secret on a terminal', () => {
  it('a secret prompt reads what is typed without echoing it', async () => {
    const { exitCode, shown } = await prompt([QUESTION, `s3cret ü${enter}`]);
    expect(shown).toContain(printedAnswer('s3cret ü'));
    expect(shown).not.toMatch(/s3|cret/);
    expect(exitCode).toBe(0);
  });

  it('a secret prompt repeats after an empty answer', async () => {
    const { shown } = await prompt([QUESTION, enter], ['The answer must not be empty', `x${enter}`]);
    expect(shown).toContain(printedAnswer('x'));
  });

  it.each([
    ['Ctrl-C', ctrlC],
    ['Ctrl-C in an answer', `se${ctrlC}`],
    ['Ctrl-D, which makes the library restore echo', ctrlD],
  ])('a secret prompt ends with %s', async (_title, keys) => {
    const { exitCode, shown } = await prompt([QUESTION, keys]);
    expect(shown).toContain('interrupted');
    expect(shown).not.toContain('answer=');
    expect(exitCode).toBe(130);
  });

  it('a secret prompt refuses several pasted lines', async () => {
    const { exitCode, shown } = await prompt([QUESTION, `first\nsecond${enter}`]);
    expect(shown).toContain(`the answer to \`${QUESTION}\` has several lines`);
    expect(shown).toContain('BOT_BOTTLE_PROMPTED_NAME');
    expect(shown).not.toMatch(/first|second|answer=/);
    expect(exitCode).toBe(2);
  });
});
