import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { BottleError, messageOf } from '../errors.ts';
import { REPLACEMENT_CHARACTER } from '../host/environment.ts';
import { hasTerminal } from './has-terminal.ts';
import { cut } from './output.ts';

export interface Choice {
  value: string;
  /** Text that is shown and searched. */
  label: string;
  /** Shown for the choice under the cursor. */
  description?: string;
}

/** Returns what is wrong with an answer, for display; undefined when it is valid. */
export type Check = (text: string) => string | undefined | Promise<string | undefined>;

/**
 * Prompts on a terminal. Each rejects with BottleError `interrupted` on Ctrl-C, or Ctrl-D in an empty line.
 */
export interface Asker {
  /** Does not echo. The answer is never empty. Rejects with BottleError `usage` on pasting several lines. */
  secret(question: string): Promise<string>;
  text(question: string, options?: { initial?: string; check?: Check }): Promise<string>;
  /** Asks yes or no; an empty answer means `initial`, which defaults to no. */
  confirm(question: string, initial?: boolean): Promise<boolean>;
  /** Shows a list that typing filters; resolves to the value of the choice. */
  choose(question: string, choices: readonly Choice[]): Promise<string>;
}

/** What a prompt reads from and writes to. */
interface Streams {
  input: ReadStream;
  output: WriteStream;
  signal: AbortSignal;
  clearPromptOnDone: boolean;
}

/** Runs `work` with prompts on the terminal. @throws BottleError `usage` when there is no terminal. */
export async function asking<T>(signal: AbortSignal, work: (ask: Asker) => Promise<T>): Promise<T> {
  if (!hasTerminal()) {
    throw new BottleError('usage', 'there is no terminal to prompt on', { hint: 'Run this in a terminal.' });
  }
  return work(terminalAsker(signal));
}

/** Prompts on the controlling terminal, so that redirected streams neither answer nor hide a question. */
function terminalAsker(signal: AbortSignal): Asker {
  const ask = <T>(prompt: (streams: Streams) => Promise<T>) => onTerminal(signal, prompt);
  return {
    secret: (question) =>
      ask(async (streams) => {
        const { default: password } = await import('@inquirer/password');
        const hasMoreLines = watchForLines(streams.input);
        const options = { message: question, mask: false, toggleMask: false, validate: checkSecret };
        const answer = await password(options, streams);
        if (hasMoreLines()) throw severalLines(question);
        return answer;
      }),
    text: (question, { initial, check } = {}) =>
      ask(async (streams) => {
        const { default: input } = await import('@inquirer/input');
        const validate = async (text: string) => (await check?.(text)) ?? true;
        return input(
          { message: question, validate, ...(initial === undefined ? {} : { default: initial }) },
          streams,
        );
      }),
    confirm: (question, initial = false) =>
      ask(async (streams) => {
        const { default: input } = await import('@inquirer/input');
        const answer = await input({ message: `${question} ${initial ? '[Y/n]' : '[y/N]'}` }, streams);
        return answer.trim() === '' ? initial : /^y(es)?$/i.test(answer.trim());
      }),
    choose: (question, choices) =>
      ask(async (streams) => {
        const { default: search } = await import('@inquirer/search');
        const width = streams.output.columns;
        return search({ message: question, source: (term) => matching(choices, term ?? '', width) }, streams);
      }),
  };
}

async function onTerminal<T>(signal: AbortSignal, prompt: (streams: Streams) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const input = new ReadStream(openSync('/dev/tty', 'r'));
  const output = new WriteStream(openSync('/dev/tty', 'w'));
  // Ctrl-D closes the library's reader but leaves the prompt open, on a terminal that echoes again.
  const closed = new AbortController();
  input.once('pause', () => closed.abort());
  try {
    const ended = AbortSignal.any([signal, closed.signal]);
    return await prompt({ input, output, signal: ended, clearPromptOnDone: false });
  } catch (error) {
    // The library's error names for Ctrl-C and for our abort signals.
    const isEnd = error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name);
    if (isEnd) throw new BottleError('interrupted', messageOf(error), { cause: error });
    throw error;
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** Returns true for a valid value of an environment variable, else a message for the user. */
export function checkSecret(answer: string): true | string {
  if (answer === '') return 'The answer must not be empty.';
  if (answer.includes(REPLACEMENT_CHARACTER)) return 'The answer contains bytes that are not UTF-8 text.';
  return answer.includes('\0') ? 'The answer must not contain a NUL character.' : true;
}

/** A line end followed by more text in one read, which means pasting: typed keys arrive one by one. */
const LINES = /[\r\n]./s;

/** Detects pasted lines: the library would use the first one as the answer and silently drop the rest. */
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
    `the answer to \`${question}\` has several lines, but only one can be entered`,
    {
      hint: 'Export a multi-line answer as BOT_BOTTLE_PROMPTED_NAME, where NAME is its variable.',
    },
  );
}

/** Columns for the list's cursor, plus one that keeps a full line from wrapping. */
const MARGIN = 3;

/** Returns the choices that contain every word of `term` in any order, each cut to `width` columns. */
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
