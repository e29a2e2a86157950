import type { z } from 'zod';
import type { UndoAction } from '../bottle/journal.ts';

/** What a phase works with. */
export interface PhaseContext {
  readonly slug: string;
  /** Aborted when the operator interrupts; long work heeds it, short work finishes. */
  readonly signal: AbortSignal;
  /** True for `--force`: make anew what could be kept. */
  readonly force: boolean;
  /** One line for people, on stderr. */
  say(line: string): void;
  /** The record of a phase that this one needs. */
  read<T>(phase: Phase<T>): Promise<T>;
  /** Promises to undo something; call it before acquiring that thing. The result strikes the promise out. */
  willUndo(action: UndoAction): Promise<() => Promise<void>>;
}

/**
 * One step of the lifecycle: the declaration that scripts, Makefile and docs agree with. A launch runs each in a process
 * of its own, which loads those it needs for their records alone: what takes long to load is imported where it runs.
 */
export interface Phase<T> {
  readonly name: string;
  /** One line for `--help` and the docs. */
  readonly summary: string;
  /** Phases whose records it reads, or that must have happened before. */
  readonly needs: readonly Phase<unknown>[];
  readonly record: z.ZodType<T>;
  /** What `teardown` leaves valid: records of things that cost nothing to keep. */
  readonly durable: boolean;
  run(context: PhaseContext): Promise<T>;
  /** True when what the record describes is still there; decides whether a second run has anything to do. */
  isAlive(context: PhaseContext, data: T): Promise<boolean>;
  /** The record in a few words for people. */
  describe(data: T): string;
}

/** The records of several phases that one needs, in their order. */
export async function readAll<T extends readonly unknown[]>(
  context: Pick<PhaseContext, 'read'>,
  ...phases: { [Index in keyof T]: Phase<T[Index]> }
): Promise<T> {
  const records = await Promise.all(phases.map((phase) => context.read(phase)));
  // What maps a list keeps its order and length, which its type does not say.
  return records as readonly unknown[] as T;
}
