import { UnscannableBody } from '../../detection/index.ts';
import type { NewObject } from './new-objects.ts';

/** Bytes of a directory; a hundred thousand files have less. */
const MAX_TREE = 32 * 1024 * 1024;

/**
 * The names in a tree object, one a line. Not the paths that git lists: it lists none for a file that upstream has
 * under another name.
 * @throws UnscannableBody when the tree is too large.
 */
export async function treeNames(bytes: AsyncIterable<Buffer>, { id, size }: NewObject): Promise<string> {
  if (size > MAX_TREE) throw new UnscannableBody('the directory is too large');
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const tree = Buffer.concat(chunks);
  const idBytes = id.length / 2;
  const names: string[] = [];
  // An entry: mode, space, name, NUL, id.
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(0x20, at);
    const end = tree.indexOf(0, space);
    if (space < 0 || end < 0) throw new UnscannableBody('the directory is not one');
    names.push(tree.toString('utf8', space + 1, end));
    at = end + 1 + idBytes;
  }
  return names.join('\n');
}
