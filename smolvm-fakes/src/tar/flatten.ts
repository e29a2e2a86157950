import { chunksOf } from './layer-file.ts';
import { END_OF_ARCHIVE } from './merge.ts';
import { type FileRange, tarIndex } from './tar-index.ts';
import { visibleEntries } from './visible.ts';

export interface Flattened {
  /**
   * One tar stream for all layers, so that links in one layer never lead another's files out of the target.
   */
  readonly chunks: () => AsyncGenerator<Buffer>;
  /** Paths to remove after the stream has been unpacked. */
  readonly leftovers: readonly string[];
}

/** Reduces layers, given bottom first as plain tar files, to what is visible of them. */
export function flatten(files: readonly FileRange[]): Flattened {
  const visible = visibleEntries(files.map(tarIndex));
  const ranges = visible.layers.flatMap((entries, index) => {
    const descriptor = files[index]?.descriptor ?? -1;
    return entries.map(({ start, end }) => ({ descriptor, start, end }));
  });
  return { chunks: () => withEnd(joined(ranges)), leftovers: visible.leftovers };
}

/** Joins adjacent ranges, so that a layer without whiteouts is read in one go. */
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
