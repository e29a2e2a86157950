import { setTimeout as sleep } from 'node:timers/promises';
import { agentError } from '../errors.ts';
import { type Faults, parseFaults } from './parse.ts';

/** What SMOLVM_FAKE_FAULTS asks for in this run. Its first reading is at the program's start, so typos end that. */
let asked: Faults | undefined;

export function faults(): Faults {
  asked ??= parseFaults(process.env.SMOLVM_FAKE_FAULTS ?? '');
  return asked;
}

/** Slow, hanging and failing verbs, before they have done anything. */
export async function beforeVerb(verb: string): Promise<void> {
  const { slow, hang, fail } = faults();
  await sleep(slow.get(verb) ?? 0);
  while (hang.has(verb)) await sleep(60_000);
  if (fail.has(verb)) throw agentError(verb, 'failed as SMOLVM_FAKE_FAULTS asked');
}

/** Ends this program in the middle of a verb as a crash would: no cleanup runs. */
export function dieIfAsked(verb: string): void {
  if (faults().die.has(verb)) process.kill(process.pid, 'SIGKILL');
}

/** @throws an error with the code of a full disk, where something is about to be written. */
export function refuseIfDiskFull(): void {
  if (!faults().diskFull) return;
  throw Object.assign(new Error('No space left on device (os error 28)'), { code: 'ENOSPC' });
}
