import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { BottleError, messageOf } from '../errors.ts';
import { REPLACEMENT_CHARACTER } from '../host/environment.ts';
import { hasTerminal } from './has-terminal.ts';
import { cut } from './output.ts';

export interface Choice {
  value: string;
  /** What is shown and searched. */
  label: string;
  /** Said of the choice that the cursor is on. */
  description?: string;
}

/** What is wrong with an answer, for who gave it; nothing when it will do. */
export type Check = (text: string) => string | undefined | Promise<string | undefined>;

/** Ways to ask a person. Each rejects with BottleError `interrupted` on Ctrl-C, and on Ctrl-D in an empty line. */
export interface Asker {
  /** Shows nothing of what is typed. Never empty. Rejects with BottleError `usage` when several lines are pasted. */
  secret(question: string): Promise<string>;
  text(question: string, options?: { initial?: string; check?: Check }): Promise<string>;
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
        const hasMoreLines = watchForLines(place.input);
        const options = { message: question, mask: false, toggleMask: false, validate: checkSecret };
        const answer = await password(options, place);
        if (hasMoreLines()) throw severalLines(question);
        return answer;
      }),
    text: (question, { initial, check } = {}) =>
      ask(async (place) => {
        const { default: input } = await import('@inquirer/input');
        const validate = async (text: string) => (await check?.(text)) ?? true;
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
        const width = place.output.columns;
        return search({ message: question, source: (term) => matching(choices, term ?? '', width) }, place);
      }),
  };
}

async function onTerminal<T>(signal: AbortSignal, prompt: (place: Place) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const input = new ReadStream(openSync('/dev/tty', 'r'));
  const output = new WriteStream(openSync('/dev/tty', 'w'));
  // Ctrl-D closes the library's reader and leaves its question open, on a terminal that shows again what is typed.
  const closed = new AbortController();
  input.once('pause', () => closed.abort());
  try {
    const ended = AbortSignal.any([signal, closed.signal]);
    return await prompt({ input, output, signal: ended, clearPromptOnDone: false });
  } catch (error) {
    // The library's names for Ctrl-C, and for our own signals.
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
  if (answer.includes(REPLACEMENT_CHARACTER)) return 'That holds bytes that are no UTF-8 text.';
  return answer.includes('\0') ? 'A NUL character cannot be part of a variable.' : true;
}

/** A line end with more behind it, in what one read gave: a key pressed by hand comes alone. */
const LINES = /[\r\n]./s;

/** The library would take the first of several lines for the answer, and drop the rest unseen. */
function watchForLines(input: ReadStream): () => boolean {
  let several = false;
  input.on('data', (chunk) => {
    several ||= LINES.test(String(chunk));
  });
  return () => several;
}

function severalLines(question: string): BottleError {
  return new BottleError(
    'usage',
    `the answer to \`${question}\` has several lines, and one can be asked for`,
    {
      hint: 'Export an answer of several lines as BOT_BOTTLE_PROMPTED_NAME, with the name of its variable.',
    },
  );
}

/** Columns that the list's cursor takes, and one that keeps a full line from wrapping. */
const MARGIN = 3;

/** Those with every word of `term` in them, in any order, each as a line of at most `width` columns. */
export function matching(
  choices: readonly Choice[],
  term: string,
  width = Number.POSITIVE_INFINITY,
): { value: string; name: string; short: string; description?: string }[] {
  const words = term.toLowerCase().split(/\s+/);
  return choices
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .map(({ value, label, description }) => ({
      value,
      name: cut(label, width - MARGIN),
      short: value,
      ...(description === undefined ? {} : { description }),
    }));
}
