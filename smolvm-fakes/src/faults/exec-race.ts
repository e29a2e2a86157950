import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentError } from '../errors.ts';
import type { RunningGuest } from '../guest/folder.ts';
import { faults } from './faults.ts';

/**
 * Simulates the two races after a start: the first execs cannot connect, or run in a container that is about
 * to die.
 * @returns whether this command must be killed. @throws SmolvmError when it cannot connect.
 */
export function raceOf(folder: string, guest: RunningGuest): boolean {
  const { race, killed } = faults();
  if (race + killed === 0) return false;
  const file = join(folder, 'fault-execs');
  const before = execsSince(file, guest);
  writeFileSync(file, `${guest.container} ${before + 1}`);
  if (before < race)
    throw agentError('connect', 'agent is not ready: Connection reset by peer (os error 104)');
  return before < race + killed;
}

function execsSince(file: string, guest: RunningGuest): number {
  try {
    const [container, count] = readFileSync(file, 'utf8').split(' ');
    return container === guest.container ? Number(count) : 0;
  } catch {
    return 0;
  }
}
