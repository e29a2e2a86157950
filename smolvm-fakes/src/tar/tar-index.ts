import { readSync } from 'node:fs';
import { BLOCK, numberAt, padded, paxRecords, shortPath, textAt } from './tar-header.ts';

/** Part of a file, in bytes: the first, and the one after the last. */
export interface FileRange {
  readonly descriptor: number;
  readonly start: number;
  readonly end: number;
}

/** One entry of a tar file, found without reading its body. */
export interface IndexedEntry {
  /** As written, without leading `./` or `/` and trailing `/`. */
  readonly path: string;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `5` directory. */
  readonly type: string;
  /** What a link names, as written. */
  readonly link: string;
  /** Where the entry begins, its extension headers included. */
  readonly start: number;
  readonly bodyStart: number;
  /** Bytes of the body, without padding. */
  readonly size: number;
  /** The byte after the entry's padding. */
  readonly end: number;
}

/** Lists a tar file (ustar, PAX and GNU long names) by its headers alone. @throws Error when it is none. */
export function tarIndex(file: FileRange): IndexedEntry[] {
  const entries: IndexedEntry[] = [];
  let at = file.start;
  let start = at;
  let long: { path?: string; link?: string; size?: number } = {};
  while (at + BLOCK <= file.end) {
    const header = bytesAt(file.descriptor, at, BLOCK);
    if (header.length < BLOCK || header.every((byte) => byte === 0)) break;
    if (!sumHolds(header)) throw new Error('not a tar archive');
    const type = String.fromCharCode(header[156] ?? 0).replace('\0', '0');
    const size = numberAt(header, 124, 12);
    const bodyStart = at + BLOCK;
    if ('xgLK'.includes(type)) {
      long = { ...long, ...extensionOf(type, bytesAt(file.descriptor, bodyStart, size)) };
      at = bodyStart + padded(size);
      continue;
    }
    const length = '123456'.includes(type) ? 0 : (long.size ?? size);
    const end = bodyStart + padded(length);
    if (end > file.end) throw new Error('the archive ends in the middle of an entry');
    const path = plainPath(long.path ?? shortPath(header));
    entries.push({
      path,
      type,
      link: long.link ?? textAt(header, 157, 100),
      start,
      bodyStart,
      size: length,
      end,
    });
    at = end;
    start = at;
    long = {};
  }
  return entries;
}

/** @throws Error when the body is longer than `limit`. */
export function bodyOf(file: FileRange, entry: IndexedEntry, limit: number): Buffer {
  if (entry.size > limit) throw new Error(`${entry.path}: larger than ${limit} bytes`);
  return bytesAt(file.descriptor, entry.bodyStart, entry.size);
}

export function plainPath(path: string): string {
  return path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
}

function extensionOf(type: string, body: Buffer): { path?: string; link?: string; size?: number } {
  const text = body.toString('utf8').replace(/\0.*$/s, '');
  if (type === 'L') return { path: text };
  if (type === 'K') return { link: text };
  if (type === 'g') return {};
  const records = paxRecords(body);
  const [path, link, size] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  return {
    ...(path === undefined ? {} : { path }),
    ...(link === undefined ? {} : { link }),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}

/** The checksum counts its own eight bytes as blanks. */
function sumHolds(header: Buffer): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  return sum === numberAt(header, 148, 8);
}

function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}
