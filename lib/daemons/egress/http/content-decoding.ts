import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';

export type Decoder = Transform & {
  /** Bytes of input that were part of the compressed data. */
  readonly bytesWritten: number;
  /** Maximum bytes of recent output that the decoder keeps in memory. */
  readonly window: number;
};

const KIB = 1024;
const MIB = 1024 * KIB;

type Coding = Transform & { readonly bytesWritten: number };

const withWindow = (window: number, make: () => Coding) => () => Object.assign(make(), { window });

const gunzip = withWindow(32 * KIB, createGunzip);

/** The largest window that HTTP allows (RFC 9659). Node itself accepts up to 128 MiB. */
const ZSTD_WINDOW_LOG = 23;

/** Encodings that egress can decode. */
const DECODERS: ReadonlyMap<string, () => Decoder> = new Map<string, () => Decoder>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', withWindow(32 * KIB, createInflate)],
  ['br', withWindow(16 * MIB, createBrotliDecompress)],
  [
    'zstd',
    withWindow(2 ** ZSTD_WINDOW_LOG, () =>
      createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
    ),
  ],
]);

/** Nobody applies more layers by mistake. */
const MAX_LAYERS = 3;

/**
 * Returns the decoders for a `Content-Encoding`, in the order to apply them. Empty: the body is not encoded.
 * `undefined`: egress cannot decode it.
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

/** An encoding and its weight. Any other parameter would be sent without having been scanned. */
const RANGE = /^([a-z-]+)(;q=[01](?:\.[0-9]{0,3})?)?$/;

/** The part of an `Accept-Encoding` that may be sent upstream; `identity` if egress can decode none of it. */
export function acceptableEncodings(acceptEncoding: string): string {
  const known = acceptEncoding.split(',').flatMap((range) => {
    const [, name = '', weight = ''] = RANGE.exec(range.replace(/\s+/g, '').toLowerCase()) ?? [];
    const isKnown = name === 'identity' || (name !== 'deflate' && DECODERS.has(name));
    return isKnown ? [`${name}${weight}`] : [];
  });
  return known.join(', ') || 'identity';
}
