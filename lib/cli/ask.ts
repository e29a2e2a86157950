import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { BottleError, messageOf } from '../errors.ts';
import { hasTerminal } from '../host/terminal.ts';

export interface Choice {
  value: string;
  /** What is shown and searched. */
  label: string;
  /** Said of the choice that the cursor is on. */
  description?: string;
}

/** Ways to ask a person. Each rejects with BottleError `interrupted` on Ctrl-C. */
export interface Asker {
  /** Shows nothing of what is typed. Never empty. */
  secret(question: string): Promise<string>;
  text(
    question: string,
    options?: { initial?: string; check?: (text: string) => string | undefined },
  ): Promise<string>;
  /** Yes when said so; no is the default unless `initial` is true. */
  confirm(question: string, initial?: boolean): Promise<boolean>;
  /** Typing filters. */
  choose(question: string, choices: readonly Choice[]): Promise<string>;
}

/** What a prompt reads from and writes to. */
interface Place {
  input: ReadStream;
  output: WriteStream;
  signal: AbortSignal;
  clearPromptOnDone: boolean;
}

/** @throws BottleError `usage` when there is no terminal, where nothing is ever asked. */
export async function asking<T>(signal: AbortSignal, work: (ask: Asker) => Promise<T>): Promise<T> {
  if (!hasTerminal()) {
    throw new BottleError('usage', 'there is no terminal to ask on', { hint: 'Run this in a terminal.' });
  }
  return work(terminalAsker(signal));
}

/** Asks on the controlling terminal itself, so that redirected streams neither answer nor hide a question. */
function terminalAsker(signal: AbortSignal): Asker {
  const ask = <T>(prompt: (place: Place) => Promise<T>) => onTerminal(signal, prompt);
  return {
    secret: (question) =>
      ask(async (place) => {
        const { default: password } = await import('@inquirer/password');
        return password({ message: question, mask: false, toggleMask: false, validate: checkSecret }, place);
      }),
    text: (question, { initial, check } = {}) =>
      ask(async (place) => {
        const { default: input } = await import('@inquirer/input');
        const validate = (text: string) => check?.(text) ?? true;
        return input(
          { message: question, validate, ...(initial === undefined ? {} : { default: initial }) },
          place,
        );
      }),
    confirm: (question, initial = false) =>
      ask(async (place) => {
        const { default: input } = await import('@inquirer/input');
        const answer = await input({ message: `${question} ${initial ? '[Y/n]' : '[y/N]'}` }, place);
        return answer.trim() === '' ? initial : /^y(es)?$/i.test(answer.trim());
      }),
    choose: (question, choices) =>
      ask(async (place) => {
        const { default: search } = await import('@inquirer/search');
        return search({ message: question, source: (term) => matching(choices, term ?? '') }, place);
      }),
  };
}

async function onTerminal<T>(signal: AbortSignal, prompt: (place: Place) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const input = new ReadStream(openSync('/dev/tty', 'r'));
  const output = new WriteStream(openSync('/dev/tty', 'w'));
  try {
    return await prompt({ input, output, signal, clearPromptOnDone: false });
  } catch (error) {
    // The library's names for Ctrl-C, and for our own signal.
    const isEnd = error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name);
    if (isEnd) throw new BottleError('interrupted', messageOf(error), { cause: error });
    throw error;
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** What may become a variable of a process; the message is shown to who types. */
export function checkSecret(answer: string): true | string {
  if (answer === '') return 'An empty answer is none.';
  return answer.includes('\0') ? 'A NUL character cannot be part of a variable.' : true;
}

/** Those with every word of `term` in them, in any order. */
export function matching(
  choices: readonly Choice[],
  term: string,
): { value: string; name: string; description?: string }[] {
  const words = term.toLowerCase().split(/\s+/);
  return choices
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .map(({ value, label, description }) => ({
      value,
      name: label,
      ...(description === undefined ? {} : { description }),
    }));
}
