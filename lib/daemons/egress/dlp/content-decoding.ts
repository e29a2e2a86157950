import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

/** `bytesWritten`: those that were part of what is compressed. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Encodings of a body that egress can look into. */
const DECODERS: ReadonlyMap<string, () => Decoder> = new Map<string, () => Decoder>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
]);

/** More layers are nobody's mistake. */
const MAX_LAYERS = 3;

/**
 * The decoders for a `Content-Encoding`, in the order in which they undo it. Empty: the body is as it is.
 * `undefined`: it cannot be looked into.
 */
export function decodersFor(contentEncoding: string): Decoder[] | undefined {
  if (contentEncoding === '') return [];
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_LAYERS) return undefined;
  const makers = names.reverse().map((name) => DECODERS.get(name));
  if (makers.some((make) => make === undefined)) return undefined;
  return makers.flatMap((make) => (make === undefined ? [] : [make()]));
}

/** An encoding and how much it is wanted. Any other parameter would leave without having been scanned. */
const RANGE = /^([a-z-]+)(;q=[01](?:\.[0-9]{0,3})?)?$/;

/** What of an `Accept-Encoding` may be asked upstream; `identity` when nothing of it can be looked into. */
export function acceptableEncodings(acceptEncoding: string): string {
  const known = acceptEncoding.split(',').flatMap((range) => {
    const [, name = '', weight = ''] = RANGE.exec(range.replace(/\s+/g, '').toLowerCase()) ?? [];
    const isKnown = name === 'identity' || (name !== 'deflate' && DECODERS.has(name));
    return isKnown ? [`${name}${weight}`] : [];
  });
  return known.join(', ') || 'identity';
}
