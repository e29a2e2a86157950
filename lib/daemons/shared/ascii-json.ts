/**
 * One line of JSON in ASCII. JSON itself escapes line breaks, but not characters that some terminals act on or that
 * reorder the line on screen.
 */
export function asciiJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped);
}

/** The text with everything that could act on a terminal or break a line replaced. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\ufffd');
}
