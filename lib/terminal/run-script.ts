import { appendFileSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { BottleError, EXIT_CODES, messageOf } from '../errors.ts';
import { homeDirectory } from '../host/directories.ts';
import { interruptible, noteInterruption } from '../host/interruption.ts';
import { errorText } from './error-text.ts';
import { knownFailure } from './known-failure.ts';
import { line, paint } from './output.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Errors that say what an interrupted script could not remove. */
const LEFT_BEHIND: ReadonlySet<string> = new Set(['teardown-incomplete', 'key-not-revoked']);

export interface ScriptContext {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  signal: AbortSignal;
}

/**
 * Runs a script's work and exits with its code. Signals do not kill it, but abort `signal`, so that the work
 * can clean up; so do errors that nothing waits for. Prints errors with their hints; logs unexpected ones.
 */
export async function runScript(work: (context: ScriptContext) => Promise<number>): Promise<never> {
  const controller = new AbortController();
  let interruptedBy: (typeof SIGNALS)[number] | undefined;
  for (const name of SIGNALS) {
    process.on(name, () => {
      interruptedBy ??= name;
      noteInterruption();
      controller.abort(new BottleError('interrupted', `interrupted by ${name}`));
    });
  }
  // What nobody waits for may fail too. A script that just ended would leave behind what its work takes down.
  let stray: unknown;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      stray ??= error;
      noteInterruption();
      controller.abort(error);
    });
  }
  let code: number;
  try {
    const { signal } = controller;
    code = await interruptible(signal, () => work({ signal }));
  } catch (error) {
    code = report(error, interruptedBy !== undefined);
    if (error === stray) stray = undefined;
  }
  if (stray !== undefined) code = report(stray, false);
  // Not that of a teardown that leaves something behind, such as a key with access.
  const isOwn = code === 0 || code === EXIT_CODES.teardown || code === EXIT_CODES.revocation;
  if (interruptedBy !== undefined && !isOwn) code = 128 + constants.signals[interruptedBy];
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // When Node exits on its own, it stops handling signals first, so that another signal would kill it.
  process.exit(code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else resolve();
  });
}

function report(thrown: unknown, interrupted: boolean): number {
  const error = thrown instanceof BottleError ? thrown : (knownFailure(thrown) ?? thrown);
  if (interrupted && !(error instanceof BottleError && LEFT_BEHIND.has(error.code))) {
    line(paint('yellow', 'interrupted'));
    return 1;
  }
  if (!(error instanceof BottleError)) return reportUnexpected(error);
  if (error.code === 'interrupted') {
    line(paint('yellow', 'interrupted'));
    return 128 + constants.signals.SIGINT;
  }
  line(errorText(error));
  return error.exitCode;
}

function reportUnexpected(error: unknown): number {
  line(`${paint('red', 'error')}: unexpected: ${messageOf(error)}`);
  const directory = join(homeDirectory(), 'logs');
  const path = join(directory, 'errors.log');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stack = error instanceof Error ? error.stack : String(error);
    appendFileSync(path, `${new Date().toISOString()} ${process.argv[1]}\n${stack}\n\n`, { mode: 0o600 });
    line(`The stack trace is in ${path}`);
  } catch {
    // The log cannot be written: use the terminal.
    console.error(error);
  }
  return EXIT_CODES.internal;
}
