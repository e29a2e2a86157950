/**
 * Characters of a text that a reader does not see, or that a terminal obeys: controls, C1 controls too; format
 * characters, such as the bidi overrides that show code in another order, zero-width ones and tags; line and paragraph
 * separators; variation selectors beyond those of emoji.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\u{E0100}-\u{E01EF}]/gu;

/** Makes every hidden character of a text visible, but tabs and line ends: ESC as `^[`, U+202E as `<U+202E>`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\n' || character === '\t') return character;
    if (code < 0x20 || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** As `visible`, for text that must stay on one line, such as a file's name. */
export function visibleName(text: string): string {
  return visible(text).replaceAll('\n', '^J').replaceAll('\t', '^I');
}
