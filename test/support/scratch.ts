import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives a run of tests a temporary folder of its own, and removes it afterwards, with all that the tests and what they
 * started have left there. Its name is short: Unix sockets lie in it, whose paths may have 108 bytes.
 */
export default function makeScratch(): () => void {
  const scratch = mkdtempSync(join(tmpdir(), 'bk-'));
  process.env.TMPDIR = scratch;
  return () => rmSync(scratch, { recursive: true, force: true });
}
