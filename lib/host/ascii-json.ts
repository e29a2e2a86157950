/**
 * JSON in ASCII: nothing in it can act on a terminal, or reorder what is shown there.
 * @param indent number of spaces for each level; one line when absent.
 */
export function asciiJson(value: unknown, indent?: number): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, indent).replace(/[\u007f-\uffff]/g, escaped);
}
