import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './remove-tree.ts';

/**
 * Creates a temporary directory for a test run, and removes it with all its content afterward. Its name is
 * short, since it contains Unix sockets, whose paths are limited to 108 bytes.
 */
export default function makeScratch(): () => void {
  const scratch = mkdtempSync(join(tmpdir(), 'bk-'));
  process.env.TMPDIR = scratch;
  return () => removeTree(scratch);
}
