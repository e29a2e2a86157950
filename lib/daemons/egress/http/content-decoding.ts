import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';

export type Decoder = Transform & {
  /** Those that were part of what is compressed. */
  readonly bytesWritten: number;
  /** Bytes of what it last gave that it keeps, at most. */
  readonly window: number;
};

const KIB = 1024;
const MIB = 1024 * KIB;

type Coding = Transform & { readonly bytesWritten: number };

const keeping = (window: number, make: () => Coding) => () => Object.assign(make(), { window });

const gunzip = keeping(32 * KIB, createGunzip);

/** The largest window that HTTP knows (RFC 9659); Node would follow a file to 128 MiB. */
const ZSTD_WINDOW_LOG = 23;

/** Encodings of a body that egress can look into. */
const DECODERS: ReadonlyMap<string, () => Decoder> = new Map<string, () => Decoder>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', keeping(32 * KIB, createInflate)],
  ['br', keeping(16 * MIB, createBrotliDecompress)],
  [
    'zstd',
    keeping(2 ** ZSTD_WINDOW_LOG, () =>
      createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
    ),
  ],
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
