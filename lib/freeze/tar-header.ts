import { BottleError } from '../errors.ts';
import { visibleName } from '../host/visible.ts';

/** Bytes of a header; contents are padded to a multiple of it. */
export const BLOCK = 512;

const MAGIC = 'ustar  \0';
const SUM_AT = 148;
/** Types that the guest tool writes: file, hard link, symlink, folder, pipe, sparse file. */
const TYPES = '01256S';
/** Its extensions: long link, long name, attributes. */
const EXTENSIONS = 'KLx';

export interface TarHeader {
  readonly type: string;
  readonly name: string;
  readonly link: string;
  /** Bytes of the content in the archive. */
  readonly size: number;
  /** When anything of the entry changed last, in seconds since 1970; 0 when it is not said. */
  readonly changed: number;
  /** Whether it belongs to the entry behind it. */
  readonly isExtension: boolean;
}

/** Reads a header as the guest tool writes it. @throws BottleError `work-refused` for any other. */
export function readHeader(block: Buffer): TarHeader {
  if (block.toString('latin1', 257, 265) !== MAGIC)
    throw refusedSnapshot('it has a header of another format');
  if (sumOf(block) !== numberAt(block, SUM_AT, 8)) throw refusedSnapshot('a header is damaged');
  const type = String.fromCharCode(block[156] ?? 0);
  const isExtension = EXTENSIONS.includes(type);
  const name = textAt(block, 0, 100);
  if (!isExtension && !TYPES.includes(type)) {
    throw refusedSnapshot(`${visibleName(name)} is of the type ${visibleName(type)}`);
  }
  const size = numberAt(block, 124, 12);
  if (size > 0 && !isExtension && type !== '0' && type !== 'S') {
    throw refusedSnapshot(`${visibleName(name)} is no file, and has content`);
  }
  return { type, name, link: textAt(block, 157, 100), size, changed: numberAt(block, 357, 12), isExtension };
}

/** Returns the header of a file with another size. */
export function withSize(block: Buffer, size: number): Buffer {
  const header = Buffer.from(block);
  writeNumber(header, 124, 12, size);
  return withSum(header);
}

/** Returns the header of a file of an archive that the kit makes itself. */
export function fileHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'latin1');
  for (const [at, value] of [
    [100, 0o644],
    [108, 0],
    [116, 0],
  ] as const)
    writeNumber(header, at, 8, value);
  writeNumber(header, 124, 12, size);
  writeNumber(header, 136, 12, 0);
  header.write('0', 156, 'latin1');
  header.write(MAGIC, 257, 'latin1');
  return withSum(header);
}

/** Rounds a size up to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** What the guest sent is not what the guest tool writes: an agent may have become root in its guest. */
export function refusedSnapshot(reason: string): BottleError {
  return new BottleError('work-refused', `the guest’s snapshot is refused: ${reason}`, {
    hint: 'Nothing was kept of it. Take the work out with `make fetch` or `make cp`.',
  });
}

function withSum(header: Buffer): Buffer {
  header.write(`${sumOf(header).toString(8).padStart(6, '0')}\0 `, SUM_AT, 8, 'latin1');
  return header;
}

/** The sum counts its own eight bytes as spaces. */
function sumOf(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at += 1) sum += at >= SUM_AT && at < SUM_AT + 8 ? 32 : (block[at] ?? 0);
  return sum;
}

function textAt(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

/** Octal digits, or GNU’s binary for larger numbers. */
function numberAt(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  const first = field[0] ?? 0;
  if (first === 0) return 0;
  const value = (first & 0x80) === 0 ? octal(field) : binary(field);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw refusedSnapshot('a header has an invalid number');
}

function octal(field: Buffer): number {
  const digits = field.toString('latin1').replace(/[\0 ]+$/, '');
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function binary(field: Buffer): number {
  // Negative numbers, which times can be, have all bits set.
  if (field[0] === 0xff) return 0;
  return field.reduce((value, byte, index) => value * 256 + (index === 0 ? byte & 0x7f : byte), 0);
}

function writeNumber(header: Buffer, at: number, length: number, value: number): void {
  if (value < 8 ** (length - 1)) {
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length, 'latin1');
    return;
  }
  const digits = value.toString(16).padStart(length * 2, '0');
  header.write(digits, at, length, 'hex');
  header[at] = 0x80;
}
