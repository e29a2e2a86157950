import { ByteReader } from './byte-reader.ts';

const BLOCK = 512;

/** One entry of a tar stream. Its body has to be consumed, or skipped, before the next entry is asked for. */
export interface TarEntry {
  readonly path: string;
  /** Bytes of the body, without padding. */
  readonly size: number;
  /** Header blocks as they were: those of its extensions and its own. */
  readonly header: Buffer;
  /** The body, without padding. */
  body(): AsyncGenerator<Buffer>;
  /** The body with its padding. */
  blocks(): AsyncGenerator<Buffer>;
}

/** Walks a tar stream (ustar, PAX and GNU long names) entry by entry, keeping no more than one chunk in memory. */
export async function* tarEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  let extensions: Buffer[] = [];
  let longPath: string | undefined;
  let longSize: number | undefined;
  while (true) {
    const header = await reader.take(BLOCK);
    if (header.length < BLOCK || header.every((byte) => byte === 0)) break;
    const type = String.fromCharCode(header[156] ?? 0);
    const size = numberAt(header, 124, 12);
    if ('xgLK'.includes(type)) {
      const body = await reader.take(padded(size));
      extensions.push(header, body);
      const text = body.subarray(0, size);
      if (type === 'L') longPath = text.toString('utf8').replace(/\0.*$/s, '');
      if (type === 'x') {
        const records = paxRecords(text);
        longPath = records.get('path') ?? longPath;
        longSize = records.has('size') ? Number(records.get('size')) : longSize;
      }
      continue;
    }
    // Links and other types without a body carry a size in some archives.
    const length = '123456'.includes(type) ? 0 : (longSize ?? size);
    let left = padded(length);
    const pass = async function* (wanted: number) {
      left -= wanted;
      yield* reader.pass(wanted);
    };
    yield {
      path: longPath ?? shortPath(header),
      size: length,
      header: Buffer.concat([...extensions, header]),
      body: async function* () {
        yield* pass(length);
        for await (const _ of pass(left));
      },
      blocks: () => pass(left),
    };
    for await (const _ of pass(left));
    extensions = [];
    longPath = undefined;
    longSize = undefined;
  }
  await reader.drain();
}

export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function shortPath(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textAt(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function numberAt(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(length - 8));
  const text = textAt(header, offset, length).trim();
  const value = text === '' ? 0 : Number.parseInt(text, 8);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('malformed tar header');
  return value;
}

function paxRecords(body: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < body.length) {
    const blank = body.indexOf(0x20, offset);
    const length = Number(body.toString('latin1', offset, blank));
    if (blank === -1 || !(length > 0)) break;
    const record = body.toString('utf8', blank + 1, offset + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    offset += length;
  }
  return records;
}
