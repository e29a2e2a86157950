import type { Bottle } from '../guest/bottle.ts';
import type { GuestSession } from '../guest/guest-session.ts';
import { OutputFilter } from '../terminal/filter/output-filter.ts';
import { hostTerminal } from './host-terminal.ts';
import type { Looks } from './looks.ts';
import { connectPipes } from './on-pipes.ts';
import { showOnTerminal } from './on-terminal.ts';

/** The exit code of `timeout` (GNU coreutils) for a command that took too long. */
const TIMED_OUT = 124;

export interface HoldOptions extends Looks {
  /** The command's whole standard input, without a terminal; undefined for this process's own. */
  readonly prompt?: string | undefined;
  /** Milliseconds; unlimited when absent. */
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs a command as the agent on this process's streams, with a terminal if there is one and no prompt is given.
 * @returns the exit code; 128 plus the signal's number for a command that a signal killed, 124 after `timeoutMs`.
 */
export async function holdSession(
  bottle: Bottle,
  command: readonly string[],
  options: HoldOptions,
): Promise<number> {
  const { prompt, timeoutMs, signal } = options;
  const terminal = prompt === undefined ? hostTerminal() : undefined;
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const session = bottle.openSession(command, {
    terminal,
    signal: late === undefined ? signal : AbortSignal.any([signal, late]),
  });
  if (terminal === undefined) await connectPipes(session, { ...options, input: prompt });
  else await showWithErrors(session, options);
  const exitCode = await session.ended;
  return late?.aborted ? TIMED_OUT : exitCode;
}

/** What smolvm itself complains about is printed when the terminal is as before. */
async function showWithErrors(session: GuestSession, looks: Looks): Promise<void> {
  const filter = new OutputFilter();
  const complaints: Buffer[] = [];
  const collect = async () => {
    for await (const chunk of session.errorOutput) complaints.push(filter.write(chunk));
  };
  await Promise.all([showOnTerminal(session, looks), collect()]);
  for (const complaint of complaints) process.stderr.write(complaint);
}
