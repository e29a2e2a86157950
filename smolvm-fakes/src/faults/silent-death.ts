import { spawn } from 'node:child_process';
import type { ProcessIdentity } from '../system/process.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';
import { faults } from './faults.ts';

/** Field 22 of stat tells the machine's process from a later one with its number; its name, `sh`, has no blank. */
const KILLER = `sleep "$1"; [ "$(cut -d ' ' -f 22 "/proc/$2/stat" 2>/dev/null)" != "$3" ] || kill -KILL "$2"`;

/** Lets a machine that has just started die without a word, when that was asked for. */
export function scheduleDeath({ pid, startTime }: ProcessIdentity): void {
  const delay = faults().vmDeath;
  if (delay === undefined) return;
  const words = [String(delay / 1_000), String(pid), String(startTime)];
  spawn('/bin/sh', ['-c', KILLER, 'sh', ...words], {
    detached: true,
    stdio: 'ignore',
    env: HELPER_ENVIRONMENT,
  }).unref();
}
