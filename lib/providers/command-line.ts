/** A program and its arguments as people read them: where a word is not plain, quotes show where it begins and ends. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
