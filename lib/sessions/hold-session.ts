import type { Bottle } from '../guest/bottle.ts';
import type { GuestSession } from '../guest/guest-session.ts';
import { OutputFilter } from '../terminal/filter/output-filter.ts';
import { hostTerminal } from './host-terminal.ts';
import type { Looks } from './looks.ts';
import type { Notices } from './notices.ts';
import { connectPipes } from './on-pipes.ts';
import { showOnTerminal } from './on-terminal.ts';
import { OutputLog } from './output-log.ts';
import { registerSession, type SessionKind } from './registry.ts';

/** The exit code of `timeout` (GNU coreutils) for a command that took too long. */
const TIMED_OUT = 124;

export interface HoldOptions extends Looks {
  readonly kind: SessionKind;
  /** Shown on the terminal while the session has it. */
  readonly notices?: Notices | undefined;
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
  const { kind, prompt, timeoutMs, signal } = options;
  const terminal = prompt === undefined ? hostTerminal() : undefined;
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const { unregister } = await registerSession(bottle.slug, kind);
  const log = kind === 'agent' ? new OutputLog(bottle.slug) : undefined;
  try {
    const session = bottle.openSession(command, {
      terminal,
      // Shells ignore SIGTERM.
      ending: kind === 'shell' ? 'SIGHUP' : 'SIGTERM',
      signal: late === undefined ? signal : AbortSignal.any([signal, late]),
    });
    const onOutput = (bytes: Buffer) => log?.write(bytes);
    if (terminal === undefined) await connectPipes(session, { ...options, input: prompt, onOutput });
    else await showWithErrors(session, { ...options, onOutput });
    const exitCode = await session.ended;
    return late?.aborted ? TIMED_OUT : exitCode;
  } finally {
    log?.close();
    await unregister();
  }
}

/** What smolvm itself complains about is printed when the terminal is as before. */
async function showWithErrors(
  session: GuestSession,
  options: Parameters<typeof showOnTerminal>[1],
): Promise<void> {
  const filter = new OutputFilter();
  const complaints: Buffer[] = [];
  const collect = async () => {
    for await (const chunk of session.errorOutput) complaints.push(filter.write(chunk));
  };
  await Promise.all([showOnTerminal(session, options), collect()]);
  for (const complaint of complaints) process.stderr.write(complaint);
}
