import { PRINTABLE } from './runs.ts';

/** Length in bytes of the readable UTF-8 character that each lead byte starts; 0 for none. */
const LENGTHS = Uint8Array.from({ length: 256 }, (_, lead) => {
  if (lead < 128) return PRINTABLE[lead] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
});

export interface Utf8Run {
  readonly from: number;
  readonly to: number;
  readonly isAscii: boolean;
}

/** Returns the runs of at least `least` bytes of readable UTF-8. */
export function utf8Runs(bytes: Uint8Array, start: number, end: number, least: number): readonly Utf8Run[] {
  let runs: Utf8Run[] | undefined;
  let from = start;
  let isAscii = true;
  for (let index = start; index <= end; ) {
    const length = index < end ? (LENGTHS[bytes[index] ?? 0] ?? 0) : 0;
    if (length === 1 || (length > 1 && isContinued(bytes, index, length, end))) {
      index += length;
      if (length > 1) isAscii = false;
      continue;
    }
    if (index - from >= least) {
      runs ??= [];
      runs.push({ from, to: index, isAscii });
    }
    index += 1;
    from = index;
    isAscii = true;
  }
  return runs ?? NONE;
}

const NONE: readonly Utf8Run[] = [];

function isContinued(bytes: Uint8Array, index: number, length: number, end: number): boolean {
  if (index + length > end) return false;
  for (let next = index + 1; next < index + length; next += 1) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return false;
  }
  return true;
}
