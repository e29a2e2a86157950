import { chunksOf } from './layer-file.ts';
import { END_OF_ARCHIVE } from './merge.ts';
import { type FileRange, tarIndex } from './tar-index.ts';
import { visibleEntries } from './visible.ts';

export interface Flattened {
  /** One tar stream for all layers: links that one layer plants never lead another's files out of the target. */
  readonly chunks: () => AsyncGenerator<Buffer>;
  /** Paths that have to be removed once the stream has been unpacked. */
  readonly leftovers: readonly string[];
}

/** What is seen of layers, given from the bottom up as plain tar files. */
export function flatten(files: readonly FileRange[]): Flattened {
  const visible = visibleEntries(files.map(tarIndex));
  const ranges = visible.layers.flatMap((entries, index) => {
    const descriptor = files[index]?.descriptor ?? -1;
    return entries.map(({ start, end }) => ({ descriptor, start, end }));
  });
  return { chunks: () => withEnd(joined(ranges)), leftovers: visible.leftovers };
}

/** Neighbours become one part, so that a layer without whiteouts is read in one go. */
function joined(ranges: readonly FileRange[]): FileRange[] {
  const parts: FileRange[] = [];
  for (const range of ranges) {
    const last = parts.at(-1);
    if (last?.descriptor === range.descriptor && last.end === range.start) {
      parts[parts.length - 1] = { ...last, end: range.end };
    } else parts.push(range);
  }
  return parts;
}

async function* withEnd(ranges: readonly FileRange[]): AsyncGenerator<Buffer> {
  yield* chunksOf(ranges);
  yield END_OF_ARCHIVE;
}
