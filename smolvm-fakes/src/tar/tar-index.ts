import { readSync } from 'node:fs';
import { BLOCK, numberAt, padded, paxRecords, shortPath, textAt } from './tar-header.ts';

/** Part of a file, in bytes; `end` is exclusive. */
export interface FileRange {
  readonly descriptor: number;
  readonly start: number;
  readonly end: number;
}

/** One entry of a tar file, found without reading its body. */
export interface IndexedEntry {
  /** As written, without a leading `./` or `/` and without a trailing `/`. */
  readonly path: string;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `5` directory. */
  readonly type: string;
  /** The target of a link, as written. */
  readonly link: string;
  /** Offset of the entry, including its extension headers. */
  readonly start: number;
  readonly bodyStart: number;
  /** Size in bytes of the body, without padding. */
  readonly size: number;
  /** Offset after the entry's padding. */
  readonly end: number;
}

/**
 * Lists a tar file (ustar, PAX and GNU long names) from its headers alone. @throws Error when it is not one.
 */
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

/** Reads an entry's body. @throws Error when it is longer than `limit` bytes. */
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

/** Verifies the checksum, which counts its own eight bytes as spaces. */
function sumHolds(header: Buffer): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  return sum === numberAt(header, 148, 8);
}

function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}
