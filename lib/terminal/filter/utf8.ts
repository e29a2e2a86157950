export const INVALID = 0;
export const PARTIAL = -1;
export const CONTROL = -2;

/**
 * Examines the character beyond ASCII at `at`.
 * @returns its length in bytes, `CONTROL` for U+0080 to U+009F (two bytes), `PARTIAL` when the bytes end within it,
 * or `INVALID`.
 */
export function characterAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0xc2 || first > 0xf4) return INVALID;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + 1 >= bytes.length) return PARTIAL;
  const second = bytes[at + 1] as number;
  if (second < leastSecond(first) || second > mostSecond(first)) return INVALID;
  if (length === 2) return first === 0xc2 && second < 0xa0 ? CONTROL : 2;
  for (let index = 2; index < length; index += 1) {
    if (at + index >= bytes.length) return PARTIAL;
    if (((bytes[at + index] as number) & 0xc0) !== 0x80) return INVALID;
  }
  return length;
}

/** Excludes overlong forms, which would spell a control in more bytes. */
function leastSecond(first: number): number {
  if (first === 0xe0) return 0xa0;
  return first === 0xf0 ? 0x90 : 0x80;
}

/** Excludes surrogates and what is beyond Unicode. */
function mostSecond(first: number): number {
  if (first === 0xed) return 0x9f;
  return first === 0xf4 ? 0x8f : 0xbf;
}
