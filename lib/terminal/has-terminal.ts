import { closeSync, openSync } from 'node:fs';

const TERMINAL = '/dev/tty';

/**
 * True when there is somebody to ask: this process has a controlling terminal, and at least one end of it is in
 * sight. Neither holds in CI; a job whose input and messages both go elsewhere must not stop to ask either.
 */
export function hasTerminal(): boolean {
  if (!process.stdin.isTTY && !process.stderr.isTTY) return false;
  try {
    closeSync(openSync(TERMINAL, 'r+'));
    return true;
  } catch {
    return false;
  }
}
