import { DIGITS, LOWER, UPPER } from '../text/runs.ts';

const BASE64 = `${UPPER}${LOWER}${DIGITS}+/`;
/** As in `uuencode` and Perl's `pack "u"`. */
const UUENCODE = `\`${charactersFrom(0x21, 0x5f)}`;
const BASE32 = `${UPPER}234567`;
const BASE32_HEX = `${DIGITS}${UPPER.slice(0, 22)}`;
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const ASCII85 = charactersFrom(0x21, 0x75);
/** RFC 1924, as implemented by Python's `b85encode` and by git. */
const BASE85 = `${DIGITS}${UPPER}${LOWER}!#$%&()*+-;<=>?@^_\`{|}~`;
/** The alphabet of ZeroMQ. */
const Z85 = `${DIGITS}${LOWER}${UPPER}.-:+=^!/*?&<>()[]{}@%$#`;

/**
 * Returns what common shell tools make of a value, wherever it stands in their input. Search for these in the
 * letters and digits of a text only, so that separators between bytes and line wrapping do not matter.
 */
export function disguisesOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const wide = Buffer.from([...bytes].flatMap((byte) => [byte, 0])).subarray(0, -1);
  const backwards = reversed(value);
  const base64 = [...aligned(bytes, 6, BASE64), ...aligned(wide, 6, BASE64)];
  const base32 = aligned(bytes, 5, BASE32);
  return [
    ...[rotated(backwards), rotatedFar(value), swapped(value), value.toUpperCase(), value.toLowerCase()],
    ...base64.flatMap((text) => [text, reversed(text), rotated(text)]),
    ...aligned(Buffer.from(backwards), 6, BASE64),
    ...[...base32, ...aligned(bytes, 5, BASE32_HEX)].flatMap((text) => [text, text.toLowerCase()]),
    ...aligned(bytes, 6, UUENCODE),
    ...[ASCII85, BASE85, Z85].flatMap((digits) => base85(bytes, digits)),
    base58(bytes),
    ...numbersOf(bytes),
    wide.toString('hex'),
    wide.toString('hex').toUpperCase(),
    reversed(bytes.toString('hex')),
    BigInt(`0x${bytes.toString('hex')}`).toString(),
  ];
}

/** Every byte as a number, as in dumps, arrays and the escapes of many languages. */
function numbersOf(bytes: Buffer): string[] {
  const written = (write: (byte: number) => string) => Array.from(bytes, write).join('');
  const hex = (byte: number) => byte.toString(16).padStart(2, '0');
  return [
    ...['', 'x', '0x', 'u00', 'U000000'].flatMap((mark) => [
      written((byte) => `${mark}${hex(byte)}`),
      written((byte) => `${mark}${hex(byte).toUpperCase()}`),
    ]),
    written((byte) => byte.toString()),
    written((byte) => byte.toString(8)),
    written((byte) => byte.toString(8).padStart(3, '0')),
    written((byte) => byte.toString(2).padStart(8, '0')),
    // Little-endian 16-bit words, as `od` and `hexdump` print them, aligned to either byte.
    ...[bytes, bytes.subarray(1)].flatMap((from) => {
      const words = Array.from({ length: from.length >> 1 }, (_, index) => from.readUInt16LE(index * 2));
      return [
        words.map((word) => word.toString(16).padStart(4, '0')).join(''),
        words.map((word) => word.toString(8).padStart(6, '0')).join(''),
      ];
    }),
  ];
}

/**
 * Returns the `bits`-wide digits that lie entirely within the bytes, for each position in a group of bytes.
 */
function aligned(bytes: Buffer, bits: number, digits: string): string[] {
  const all = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from({ length: bits === 6 ? 3 : 5 }, (_, before) => {
    const groups =
      all.slice((bits - ((before * 8) % bits)) % bits).match(new RegExp(`.{${bits}}`, 'g')) ?? [];
    return groups.map((group) => digits[Number.parseInt(group, 2)]).join('');
  });
}

/** Returns the same for base 85: groups of four bytes, five digits each. */
function base85(bytes: Buffer, digits: string): string[] {
  return [0, 1, 2, 3].map((start) => {
    let text = '';
    for (let index = start; index + 4 <= bytes.length; index += 4) {
      const group = bytes.readUInt32BE(index);
      for (const power of [85 ** 4, 85 ** 3, 85 ** 2, 85, 1]) text += digits[Math.floor(group / power) % 85];
    }
    return text;
  });
}

/** Encodes the value alone, since adjacent bytes would change every digit. */
function base58(bytes: Buffer): string {
  let text = '';
  for (let left = BigInt(`0x${bytes.toString('hex')}`); left > 0n; left /= 58n)
    text = `${BASE58[Number(left % 58n)]}${text}`;
  return text;
}

export const reversed = (text: string) => [...text].reverse().join('');

/** ROT13. */
export function rotated(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
}

/** ROT47, over all printable ASCII characters. */
function rotatedFar(text: string): string {
  return text.replace(/[!-~]/g, (one) => String.fromCharCode(((one.charCodeAt(0) - 33 + 47) % 94) + 33));
}

function swapped(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 0x20));
}

function charactersFrom(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last + 1 - first }, (_, index) => first + index));
}
