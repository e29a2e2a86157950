/** Ctrl-], as a byte, or in the encodings of kitty and xterm for programs that ask for them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are controls
const KEY = /\u001d|\u001b\[93;5(?::[12])?u|\u001b\[27;5;93~/y;

/** Releases of a key, which kitty reports if asked. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are controls
const RELEASE = /\u001b\[\d+(?:;\d+)?:3u/y;

/** Notices Ctrl-] pressed twice in a row, by which the operator leaves a session that goes on. */
export class LeaveKeys {
  #pressed = false;

  /** @returns whether the keys typed now complete it; the first press is typed like any key. */
  see(keys: Buffer): boolean {
    const text = keys.toString('latin1');
    for (let at = 0; at < text.length; ) {
      const key = matchAt(KEY, text, at);
      if (key > 0 && this.#pressed) return true;
      const release = key > 0 ? 0 : matchAt(RELEASE, text, at);
      if (release === 0) this.#pressed = key > 0;
      at += key || release || 1;
    }
    return false;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
