import type { Touched } from './touched.ts';

/** ASCII, its British variant, and the characters that draw lines. */
const CHARSET = /^[()*+][0AB]$/;

/** Save and restore the cursor, line feeds, a tab stop, reset, keypad, a test pattern. */
const ALLOWED = new Set(['7', '8', 'D', 'E', 'H', 'M', 'c', '=', '>', '#8']);

export const RESET = 'c';

/**
 * Returns whether a sequence of two or three bytes, given without its ESC, may reach the terminal. Never: other
 * encodings (`%`), 8-bit controls (` G`), the terminal's identity (`Z`), locking shifts.
 */
export function allowsEscape(text: string, touched: Touched): boolean {
  if (CHARSET.test(text)) touched.charset = true;
  else if (!ALLOWED.has(text)) return false;
  if (text === 'H') touched.tabs = true;
  if (text === '=') touched.keypad = true;
  return true;
}
