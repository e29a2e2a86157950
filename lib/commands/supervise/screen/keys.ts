import type { Key } from 'ink';

/** A key by its name, such as `up` or `ctrl-c`; one that types something is what it types. */
export type KeyName = string;

const NAMED = {
  upArrow: 'up',
  downArrow: 'down',
  leftArrow: 'left',
  rightArrow: 'right',
  pageUp: 'page-up',
  pageDown: 'page-down',
  home: 'home',
  end: 'end',
  return: 'enter',
  escape: 'escape',
  backspace: 'backspace',
  delete: 'backspace',
} as const satisfies Partial<Record<keyof Key, string>>;

const CONTROLS: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u0003': 'ctrl-c',
  '\u0008': 'backspace',
  '\u0015': 'ctrl-u',
  '\u001b': 'escape',
  '\u007f': 'backspace',
};

/** Returns the keys of one event: those pressed in a burst, as over a slow line, arrive as one text. */
export function keysOf(input: string, key: Key): KeyName[] {
  for (const [flag, name] of Object.entries(NAMED)) {
    if (key[flag as keyof typeof NAMED]) return [name];
  }
  if (key.ctrl) return [`ctrl-${input}`];
  if (key.meta) return [];
  return [...input].flatMap((character) => {
    const named = CONTROLS[character];
    if (named !== undefined) return [named];
    return isTyped(character) ? [character] : [];
  });
}

/** Whether a character can be part of a text that is typed on one line. */
export function isTyped(character: KeyName): boolean {
  return [...character].length === 1 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character);
}
