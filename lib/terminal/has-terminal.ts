import { closeSync, openSync } from 'node:fs';

const TERMINAL = '/dev/tty';

/**
 * Returns whether a user can be prompted: there is a controlling terminal, and stdin or stderr is a terminal.
 * A job whose input and messages are both redirected must not wait for answers.
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
