import { posix } from 'node:path';
import { tarEntries } from './tar-entries.ts';

/** The two zero blocks that end a tar archive. */
export const END_OF_ARCHIVE = Buffer.alloc(1024);

/**
 * Copies one layer's entries, without the whiteouts: smolvm 0.8.0 merges layers by copying them bottom first,
 * so files that an upper layer deletes reappear. Omits the end of the archive, so that the next layer can
 * follow; later entries win when the result is unpacked.
 */
export async function* layerEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const entry of tarEntries(source)) {
    if (posix.basename(entry.path).startsWith('.wh.')) continue;
    yield entry.header;
    yield* entry.blocks();
  }
}
