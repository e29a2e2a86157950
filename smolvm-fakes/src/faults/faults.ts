import { setTimeout as sleep } from 'node:timers/promises';
import { agentError } from '../errors.ts';
import { type Faults, parseFaults } from './parse.ts';

/** The faults in SMOLVM_FAKE_FAULTS. First read at program start, so that a typo fails every command. */
let asked: Faults | undefined;

export function faults(): Faults {
  asked ??= parseFaults(process.env.SMOLVM_FAKE_FAULTS ?? '');
  return asked;
}

/** Applies the slow, hang and fail faults before a verb does anything. @throws SmolvmError for `fail`. */
export async function beforeVerb(verb: string): Promise<void> {
  const { slow, hang, fail } = faults();
  await sleep(slow.get(verb) ?? 0);
  while (hang.has(verb)) await sleep(60_000);
  if (fail.has(verb)) throw agentError(verb, 'failed as SMOLVM_FAKE_FAULTS asked');
}

/** Kills this program in the middle of a verb, as a crash would: no cleanup runs. */
export function dieIfAsked(verb: string): void {
  if (faults().die.has(verb)) process.kill(process.pid, 'SIGKILL');
}

/** Called before each write. @throws Error with code ENOSPC under the `disk:full` fault. */
export function refuseIfDiskFull(): void {
  if (!faults().diskFull) return;
  throw Object.assign(new Error('No space left on device (os error 28)'), { code: 'ENOSPC' });
}
