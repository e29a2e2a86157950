import type { z } from 'zod';
import type { UndoAction } from '../bottle/journal.ts';
import type { Plan } from '../plan/schema.ts';

/** What a phase needs to run. */
export interface PhaseContext {
  readonly slug: string;
  /** Aborted when the operator interrupts; long-running work must observe it. */
  readonly signal: AbortSignal;
  /** True for `--force`: recreate what could be kept. */
  readonly force: boolean;
  /** Prints one line on stderr. */
  say(line: string): void;
  /** Reads the record of a phase that this one needs. */
  read<T>(phase: Phase<T>): Promise<T>;
  /** Records an undo action; call it before acquiring the resource. The result removes the entry. */
  willUndo(action: UndoAction): Promise<() => Promise<void>>;
}

/**
 * One step of the lifecycle; scripts, Makefile and docs must agree with this declaration. A launch runs each
 * phase in its own process, which also loads the phases it needs, for their records: import slow modules
 * inside `run`.
 */
export interface Phase<T> {
  readonly name: string;
  /** One line for `--help` and the docs. */
  readonly summary: string;
  /** Phases whose records it reads, or that must have run before. */
  readonly needs: readonly Phase<unknown>[];
  readonly record: z.ZodType<T>;
  /** Whether the record stays valid after teardown. */
  readonly durable: boolean;
  /** Whether it may run several times at once; absent: one run waits for the other. */
  readonly concurrent?: true;
  /** Names of the host variables with secrets that `run` reads; other phases do not get them. */
  secrets?(plan: Plan): readonly string[];
  run(context: PhaseContext): Promise<T>;
  /** Whether what the record describes still exists; if so, a second run does nothing. */
  isAlive(context: PhaseContext, data: T): Promise<boolean>;
  /** Summarizes the record in a few words. */
  describe(data: T): string;
}

/** Reads the records of several needed phases, in order. */
export async function readAll<T extends readonly unknown[]>(
  context: Pick<PhaseContext, 'read'>,
  ...phases: { [Index in keyof T]: Phase<T[Index]> }
): Promise<T> {
  const records = await Promise.all(phases.map((phase) => context.read(phase)));
  // `map` keeps order and length, which its type does not express.
  return records as readonly unknown[] as T;
}
