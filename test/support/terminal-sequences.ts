// biome-ignore-all lint/suspicious/noControlCharactersInRegex: controls are the subject
/**
 * What a terminal would find in output: a simple reading, independent of the kit's filter, of the bytes as xterm reads
 * them in UTF-8. Each sequence is its text without ESC, with a string's content but not its end.
 */
export function sequencesIn(output: Buffer): string[] {
  const found: string[] = [];
  const text = output.toString('utf8');
  const sequence = /\u001b(?:\[([ -?]*[@-~])|([\]PX^_])([^\u001b\u0007\u0018\u001a]*)|([ -/]*[0-~]))/g;
  for (const [, control, string, content, short] of text.matchAll(sequence)) {
    found.push(control === undefined ? (short ?? `${string}${content}`) : `[${control}`);
  }
  for (const control of text.match(/[\u0005\u0080-\u009f]/g) ?? []) found.push(control);
  return found;
}

/** Sequences that must never reach a terminal, with what they would do. */
export const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['writes to or reads the clipboard', /^\]52;/],
  ['sets the title', /^\][0-2]?;/],
  ['does something unknown', /^\](?!4;|8;|9;4;|1[0-2];|104|11[0-2])/],
  ['moves, resizes or reports the window', /^\[[^a-zA-Z]*t$/],
  ['prints', /^\[[?0-9;]*i$/],
  ['locks the keyboard or echoes', /^\[(.*;)?(2|12)(;.*)?[hl]$/],
  [
    'changes a mode nobody knows',
    /^\[\?(.*;)?0*(2|3|18|19|40|1001|1034|1036|1039|5522|8452|9001)(;.*)?[hl]$/,
  ],
  ['answers with text of its own', /^[\u0005Z]$/],
  ['is a string', /^[PX^_]/],
  ['switches the encoding', /^[%]|^ [FG]$/],
  ['is a C1 control', /^[\u0080-\u009f]$/],
  ['repeats without end', /^\[[0-9]{5,}b$/],
];

/** Returns what is forbidden in the output. */
export function forbiddenIn(output: Buffer): string[] {
  return sequencesIn(output).flatMap((sequence) =>
    FORBIDDEN.filter(([, pattern]) => pattern.test(sequence)).map(
      ([what]) => `${JSON.stringify(sequence)} ${what}`,
    ),
  );
}
