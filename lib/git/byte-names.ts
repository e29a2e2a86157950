/**
 * Names in a repository are bytes in no particular encoding. Here they are strings with one character a byte
 * (latin1), so that nothing is lost between two runs of git.
 */
export type ByteName = string;

/** Splits what git printed with `-z`. */
export function splitNames(output: Buffer): ByteName[] {
  const names = output.toString('latin1').split('\0');
  if (names.at(-1) === '') names.pop();
  return names;
}

/** Returns the input for a git command that reads names with `-z`. */
export function joinNames(names: readonly ByteName[]): Buffer {
  return Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
}

/** The name as a path on this host; undefined when it is not UTF-8, as paths in JavaScript are. */
export function pathOf(name: ByteName): string | undefined {
  const bytes = Buffer.from(name, 'latin1');
  const path = bytes.toString();
  return Buffer.from(path).equals(bytes) ? path : undefined;
}

/** The name for people; bytes that are no UTF-8 become replacement characters. */
export function shownName(name: ByteName): string {
  return Buffer.from(name, 'latin1').toString();
}
