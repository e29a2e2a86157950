import { cp, lstat, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extraCaFile } from './extra-ca.ts';

/**
 * Runs `work` with a copy of a build context plus `extra-ca.pem`: the host's extra CA bundle, or an empty
 * file. Always removes the copy. See `extraCaFile` for how a Dockerfile uses the file.
 * @throws BottleError `variable-missing` if the bundle cannot be read.
 */
export async function withExtraCa<T>(context: string, work: (copy: string) => Promise<T>): Promise<T> {
  const bundle = await extraCaFile(process.env);
  const copy = await mkdtemp(join(tmpdir(), 'bot-bottle-context-'));
  try {
    await cp(context, copy, { recursive: true, verbatimSymlinks: true, filter: isCopied });
    const target = join(copy, 'extra-ca.pem');
    if (bundle === undefined) await writeFile(target, '');
    else await cp(bundle, target, { dereference: true });
    return await work(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** No image gets pipes, sockets and devices, such as an editor leaves behind. */
async function isCopied(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory() || found.isSymbolicLink();
}
