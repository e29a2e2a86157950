import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, KEYS, onTerminal } from '../../support/terminal.ts';

const { enter, ctrlC, ctrlD } = KEYS;
const ASKS = path.join(import.meta.dirname, '../../support/asks-for-pin.ts');
const QUESTION = 'What is the PIN (PIN):';
const env = { PATH: process.env.PATH ?? '', HOME: '/nowhere', NO_COLOR: '1' };

const asked = (...answers: Answer[]) => onTerminal([process.execPath, ASKS], answers, { env });
const handedOn = (answer: string) => `answer=${Buffer.from(answer).toString('base64')};`;

/** `script` of util-linux gives the terminal; other systems' takes other options. */
describe.skipIf(process.platform !== 'linux')('a question for a secret, on a terminal', () => {
  it('takes what is typed, and shows nothing of it', async () => {
    const { exitCode, shown } = await asked([QUESTION, `s3cret ü${enter}`]);
    expect(shown).toContain(handedOn('s3cret ü'));
    expect(shown).not.toMatch(/s3|cret/);
    expect(exitCode).toBe(0);
  });

  it('is asked again for an empty answer', async () => {
    const { shown } = await asked([QUESTION, enter], ['An empty answer is none', `x${enter}`]);
    expect(shown).toContain(handedOn('x'));
  });

  it.each([
    ['Ctrl-C', ctrlC],
    ['Ctrl-C in an answer', `se${ctrlC}`],
    ['Ctrl-D, after which the terminal would show what is typed', ctrlD],
  ])('ends with %s', async (_title, keys) => {
    const { exitCode, shown } = await asked([QUESTION, keys]);
    expect(shown).toContain('interrupted');
    expect(shown).not.toContain('answer=');
    expect(exitCode).toBe(130);
  });

  it('refuses several lines that are pasted, rather than drop all but the first', async () => {
    const { exitCode, shown } = await asked([QUESTION, `first\nsecond${enter}`]);
    expect(shown).toContain(`the answer to \`${QUESTION}\` has several lines`);
    expect(shown).toContain('BOT_BOTTLE_PROMPTED_NAME');
    expect(shown).not.toMatch(/first|second|answer=/);
    expect(exitCode).toBe(2);
  });
});
