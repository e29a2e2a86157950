import { entryOf, release } from '../network/live-guests.ts';
import { signalProcess, waitForEnd } from '../system/process.ts';
import type { RunningGuest } from './folder.ts';

/** Milliseconds that a guest gets to end by itself before it is killed. */
const GRACE_MS = 2_000;
const KILL_MS = 5_000;

/** Ends the machine's process and releases what the host holds for it. */
export async function haltGuest(guest: RunningGuest): Promise<void> {
  signalProcess(guest, 'SIGTERM');
  if (!(await waitForEnd(guest, GRACE_MS))) {
    signalProcess(guest, 'SIGKILL');
    await waitForEnd(guest, KILL_MS);
  }
  const entry = entryOf(guest.container);
  if (entry !== undefined) await release(entry);
}
