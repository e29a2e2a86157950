import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { BottleError, messageOf } from '../../errors.ts';
import { INTERACTIVE, type SessionRequest } from '../../phases/session-request.ts';
import type { Flags } from '../../terminal/flags.ts';

/** Flags that `launch` and `attach` share. */
export const SESSION_FLAGS = {
  prompt: { type: 'string', help: 'run without a terminal: what the agent is to do' },
  'prompt-file': { type: 'string', help: 'the same, from a file; `-` is standard input' },
  format: { type: 'string', help: 'with a prompt: `text`, or `json` for the agent’s own stream of events' },
  timeout: { type: 'string', help: 'stop the agent after this time, such as 30m; the exit code is then 124' },
  detach: { type: 'boolean', help: 'go on without a terminal; `attach` joins the session' },
} as const satisfies Flags;

export interface SessionFlags {
  prompt: string | undefined;
  'prompt-file': string | undefined;
  format: string | undefined;
  timeout: string | undefined;
}

/** Bytes. More than any model's context. */
const MAX_PROMPT_BYTES = 4 * 1024 * 1024;

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of the longest timer that Node can set. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Reads the flags, and the prompt from its file. @throws BottleError `usage` */
export async function sessionRequest(flags: SessionFlags, resume = false): Promise<SessionRequest> {
  const prompt = await promptOf(flags);
  const { format = 'text' } = flags;
  if (format !== 'text' && format !== 'json') {
    throw new BottleError('usage', `the format '${format}' is unknown`, { hint: 'Write `text` or `json`.' });
  }
  if (flags.format !== undefined && prompt === undefined) {
    throw new BottleError('usage', 'a format was given without a prompt', {
      hint: 'Add PROMPT="…", or remove FORMAT.',
    });
  }
  const timeoutMs = flags.timeout === undefined ? undefined : milliseconds(flags.timeout);
  return { ...INTERACTIVE, prompt, format, timeoutMs, resume };
}

async function promptOf(flags: SessionFlags): Promise<string | undefined> {
  const { prompt, 'prompt-file': file } = flags;
  if (prompt !== undefined && file !== undefined) {
    throw new BottleError('usage', 'both a prompt and a file with one were given', {
      hint: 'Give one of them.',
    });
  }
  const given = file === undefined ? prompt : await readPrompt(file);
  if (given === undefined) return undefined;
  if (given.trim() === '') {
    throw new BottleError('usage', 'the prompt is empty', { hint: 'Say what the agent is to do.' });
  }
  if (Buffer.byteLength(given) > MAX_PROMPT_BYTES) {
    throw new BottleError('usage', `the prompt is larger than ${MAX_PROMPT_BYTES / 1024 ** 2} MiB`, {
      hint: 'Put what the agent is to read into its image, and name it in the prompt.',
    });
  }
  return given;
}

async function readPrompt(file: string): Promise<string> {
  try {
    return await (file === '-' ? text(process.stdin) : readFile(file, 'utf8'));
  } catch (error) {
    throw new BottleError('usage', `the prompt cannot be read: ${messageOf(error)}`, {
      hint: 'Name a text file, or `-` for standard input.',
    });
  }
}

/** Parses a time such as `90s`, `30m` or `2h`. @throws BottleError `usage` */
export function milliseconds(given: string): number {
  const [, number = '', unit = 's'] = /^([0-9]+(?:\.[0-9]+)?)([smh])?$/.exec(given) ?? [];
  const value = Number(number) * UNITS[unit as keyof typeof UNITS];
  if (number !== '' && value > 0 && value <= MAX_TIMEOUT_MS) return value;
  throw new BottleError('usage', `'${given}' is not a time`, {
    hint: 'Write a number with a unit of at most 596 hours: 90s, 30m, 2h.',
  });
}
