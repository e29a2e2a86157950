/** Bits of the length of a code length (RFC 1951, 3.2.7). */
const LENGTH_BITS = 3;
/** Most literal and distance codes that a block may have. */
const MAX_LITERALS = 286;
const MAX_DISTANCES = 30;

/**
 * Whether deflated data (RFC 1951) may begin here. Two bytes that look like a zlib header are in every long text, and
 * nearly all of what follows them by chance is refused here, without the cost of a decoder.
 */
export function mayBeDeflated(bytes: Buffer, start: number): boolean {
  const first = bytes[start];
  if (first === undefined) return false;
  const type = (first >> 1) & 3;
  if (type === 0) return isStored(bytes, start + 1);
  // Fixed codes have no header to look at.
  if (type === 1) return true;
  return type === 2 && hasCompleteLengths(bytes, start);
}

/** A stored block says its length twice. */
function isStored(bytes: Buffer, at: number): boolean {
  if (bytes.length < at + 4) return false;
  return (bytes.readUInt16LE(at) ^ bytes.readUInt16LE(at + 2)) === 0xffff;
}

/** Dynamic codes begin with a code for code lengths, which has to be complete. */
function hasCompleteLengths(bytes: Buffer, start: number): boolean {
  let place = start * 8 + 3;
  const take = (count: number): number => {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1, place += 1) {
      value |= (((bytes[place >> 3] ?? 0) >> (place & 7)) & 1) << bit;
    }
    return value;
  };
  if (take(5) + 257 > MAX_LITERALS || take(5) + 1 > MAX_DISTANCES) return false;
  const lengths = take(4) + 4;
  // In 128ths: a code of length n takes a share of 1 in 2 to the n.
  let share = 0;
  for (let index = 0; index < lengths; index += 1) {
    const length = take(LENGTH_BITS);
    if (length > 0) share += 128 >> length;
  }
  return share === 128;
}
