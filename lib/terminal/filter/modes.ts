import type { Touched } from './touched.ts';

/** Insert, and line feeds that return. Never: a locked keyboard (2), or no echo (12). */
const ANSI_MODES = [4, 20];

/**
 * Cursor keys, autowrap, the screens, mouse, focus, paste, synchronized output, graphemes, reports of colors and sizes.
 * Never: 132 columns (3), the printer (18, 19), 8-bit controls of keys (1034 to 1036 change what is typed).
 */
const PRIVATE_MODES = [
  ...[1, 5, 6, 7, 12, 25, 45, 47, 66, 69],
  ...[1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1047, 1048, 1049],
  ...[2004, 2026, 2027, 2031, 2048],
];

const IS_PRIVATE_MODE = Uint8Array.from({ length: 4096 }, (_, mode) =>
  PRIVATE_MODES.includes(mode) ? 1 : 0,
);

/** Returns those of the modes, written `1;2;3`, that may change; undefined for none. */
export function allowedModes(
  prefix: '' | '?',
  numbers: string,
  isOn: boolean,
  touched: Touched,
): string | undefined {
  const known = prefix === '?' ? PRIVATE_MODES : ANSI_MODES;
  const allowed = numbers.split(';').filter((text) => /^[0-9]+$/.test(text) && known.includes(Number(text)));
  if (allowed.length === 0) return undefined;
  for (const text of allowed) {
    if (prefix === '?') touched.setPrivateMode(Number(text), isOn);
    else touched.setAnsiMode(Number(text), isOn);
  }
  return allowed.join(';');
}

/** Whether a private mode, alone in its sequence as almost all are, may change. */
export function mayChange(mode: number): boolean {
  return IS_PRIVATE_MODE[mode] === 1;
}
