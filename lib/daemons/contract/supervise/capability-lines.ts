/** Instructions that lines for an image may have. None of them reads files of the host, or changes what the guest starts. */
const ALLOWED = /^(RUN|ENV)(?=\s)/i;

/** Lines that one approval may add. */
const MAX_LINES = 100;

/** Characters that a person may not see, or that builders may take for a space. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^\S ]/u;

/**
 * Returns why lines cannot be added to an image, as a sentence without its end; `undefined` if they can. What builders
 * may read in two ways is refused too, so that what is built is what was approved.
 */
export function capabilityFault(text: string): string | undefined {
  const lines = text.replaceAll('\t', ' ').split('\n');
  if (lines.length > MAX_LINES) return `there are more than ${MAX_LINES} lines`;
  let count = 0;
  /** Lines of an instruction that goes on. */
  let parts: string[] = [];
  for (const [index, line] of lines.entries()) {
    const where = `line ${index + 1}`;
    const trimmed = line.trim();
    const isBlank = trimmed === '' || trimmed.startsWith('#');
    if (HIDDEN.test(line)) return `${where} has a character that cannot be seen`;
    if (isBlank && parts.length > 0) return `${where} is empty or a comment inside of an instruction`;
    if (isBlank) continue;
    if (trimmed.endsWith('\\\\'))
      return `${where} ends with two backslashes, which builders read differently`;
    const goesOn = trimmed.endsWith('\\');
    parts.push(goesOn ? trimmed.slice(0, -1) : trimmed);
    if (goesOn) continue;
    // Whether the space at the start of a line counts depends on the builder.
    const fault = instructionFault(parts.join('')) ?? instructionFault(parts.join(' '));
    if (fault !== undefined) return `line ${index + 2 - parts.length}: ${fault}`;
    [parts, count] = [[], count + 1];
  }
  if (parts.length > 0) return 'the last line ends with a backslash';
  return count === 0 ? 'there is no instruction' : undefined;
}

/** `text`: with its continuation lines joined. */
function instructionFault(text: string): string | undefined {
  const name = ALLOWED.exec(text)?.[1];
  if (name === undefined) return `only RUN and ENV are allowed, not ${text.split(' ')[0]?.slice(0, 20)}`;
  if (name.toUpperCase() !== 'RUN') return undefined;
  if (text.slice(name.length).trimStart().startsWith('--')) return 'RUN has an option such as --mount';
  return text.includes('<<') ? 'RUN has a here-document' : undefined;
}
