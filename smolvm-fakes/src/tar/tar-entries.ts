import { ByteReader } from './byte-reader.ts';
import { BLOCK, numberAt, padded, paxRecords, shortPath } from './tar-header.ts';

/** One entry of a tar stream. Its body can be read only until the next entry is requested. */
export interface TarEntry {
  readonly path: string;
  /** Size in bytes of the body, without padding. */
  readonly size: number;
  /** The original header blocks: those of its extensions and its own. */
  readonly header: Buffer;
  /** The body, without padding. */
  body(): AsyncGenerator<Buffer>;
  /** The body, with padding. */
  blocks(): AsyncGenerator<Buffer>;
}

/** Iterates over a tar stream (ustar, PAX and GNU long names), keeping at most one chunk in memory. */
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
    // In some archives, links and other types without a body have a size.
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
