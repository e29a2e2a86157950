import { spawn } from 'node:child_process';
import type { ProcessIdentity } from '../system/process.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';
import { faults } from './faults.ts';

/** Checks the start time (field 22 of stat) in case the pid was reused. The name, `sh`, has no space. */
const KILLER = `sleep "$1"; [ "$(cut -d ' ' -f 22 "/proc/$2/stat" 2>/dev/null)" != "$3" ] || kill -KILL "$2"`;

/** Schedules the silent death of a machine that has just started, if requested. */
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
