import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TerminalSize } from '../guest/session.ts';
import type { Dress } from '../terminal/dress.ts';
import { OutputFilter } from '../terminal/filter/output-filter.ts';
import { rawTerminal } from '../terminal/raw-terminal.ts';
import { terminalSize } from './host-terminal.ts';
import { type Notices, noticeText } from './notices.ts';
import { writeAll } from './write-all.ts';

/** Milliseconds in which the terminal may still answer what the agent asked, so that the shell does not read it. */
const LATE_ANSWERS_MS = 50;

/** What is shown on the operator's terminal. */
export interface Shown {
  readonly output: Readable;
  /** @returns whether more can be taken without waiting for `drained`. */
  write(bytes: Uint8Array): boolean;
  drained(): Promise<void>;
  resize(size: TerminalSize): void;
}

export interface OnTerminalOptions {
  readonly dress: Dress;
  /** Whether the agent may write to the clipboard. */
  readonly clipboard: boolean;
  readonly notices?: Notices | undefined;
  /** Sees what is shown. */
  readonly onOutput?: (bytes: Buffer) => void;
}

/**
 * Connects a session to the operator's terminal until its output ends. Every key goes to the session, and what it
 * prints passes a filter. Afterwards the terminal is as before, whatever ended the session.
 */
export async function showOnTerminal(session: Shown, options: OnTerminalOptions): Promise<void> {
  const { stdin, stdout } = process;
  const { dress } = options;
  const filter = new OutputFilter({ clipboard: options.clipboard, afterReset: dress.again });
  const cook = rawTerminal();
  const restore = () => void stdout.write(filter.touched.restore() + dress.off);
  process.once('exit', restore);
  const resize = () => session.resize(terminalSize());
  const type = (keys: Buffer) => {
    if (session.write(keys)) return;
    stdin.pause();
    void session.drained().then(() => stdin.resume());
  };
  const ignore = () => {};
  stdin.on('data', type).on('error', ignore);
  stdout.on('resize', resize);
  stdout.write(dress.on);
  const unhook = options.notices?.showBy(
    (text) => void stdout.write(noticeText(text, filter.touched.isDrawn)),
  );
  // The terminal may have been resized since the session was asked for.
  resize();
  try {
    for await (const chunk of session.output) {
      const passed = filter.write(chunk);
      options.onOutput?.(passed);
      await writeAll(stdout, passed);
    }
  } finally {
    unhook?.();
    process.removeListener('exit', restore);
    stdout.off('resize', resize);
    stdin.off('data', type).on('data', ignore);
    restore();
    if (filter.touched.mayAnswer) await sleep(LATE_ANSWERS_MS);
    stdin.off('data', ignore).off('error', ignore).pause();
    cook();
  }
}
