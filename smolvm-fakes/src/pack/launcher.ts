import { rename, writeFile } from 'node:fs/promises';

/** Size in bytes of the footer that ends a launcher; it starts with the eight-byte magic below. */
const FOOTER_SIZE = 32;
const MAGIC = 'SMOLLIBS';

/** smolvm's launcher is the program itself with its libraries; the fake's only says why it cannot run. */
const SCRIPT = `#!/bin/sh
echo "Error: this launcher was packed by the fake smolvm, which boots packs with 'machine create --from' only" >&2
exit 1
`;

/** Writes a launcher atomically. @returns its size in bytes. */
export async function writeLauncher(path: string): Promise<number> {
  const footer = Buffer.alloc(FOOTER_SIZE);
  footer.write(MAGIC, 'latin1');
  const bytes = Buffer.concat([Buffer.from(SCRIPT), footer]);
  const partial = `${path}.partial-${process.pid}`;
  await writeFile(partial, bytes, { mode: 0o755 });
  await rename(partial, path);
  return bytes.length;
}
