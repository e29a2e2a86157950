import { lstat, mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { docker, dockerError, dockerTry } from './cli.ts';

const MOST_LINKS = 8;

/**
 * Reads files of an image, without running anything of it. Follows links inside the image, never on this host.
 * @returns the content of each; undefined for what is missing, or is no regular file.
 */
export async function readImageFiles<Path extends string>(
  image: string,
  paths: readonly Path[],
): Promise<Record<Path, string | undefined>> {
  // Never started; the engine only wants a command for images that have none.
  const container = (await docker(['create', '--network', 'none', image, 'none'])).trim();
  const directory = await mkdtemp(join(tmpdir(), 'bot-bottle-image-'));
  try {
    const entries: [Path, string | undefined][] = [];
    for (const [index, path] of paths.entries()) {
      entries.push([path, await readOne(container, path, join(directory, String(index)))]);
    }
    return Object.fromEntries(entries) as Record<Path, string | undefined>;
  } finally {
    await docker(['rm', '--force', '--volumes', container]);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Copies a file out of an image, as it is. */
export async function copyImageFile(image: string, path: string, target: string): Promise<void> {
  const container = (await docker(['create', '--network', 'none', image, 'none'])).trim();
  try {
    await docker(['cp', `${container}:${path}`, target]);
  } finally {
    await docker(['rm', '--force', '--volumes', container]);
  }
}

/** The engine follows the first link of a path; others arrive as links, which are read inside the image too. */
async function readOne(
  container: string,
  path: string,
  copy: string,
  links = 0,
): Promise<string | undefined> {
  const args = ['cp', '--follow-link', `${container}:${path}`, copy];
  const result = await dockerTry(args);
  if (result.exitCode !== 0) {
    if (/no such container:path|could not find the file|no such file/i.test(result.stderr)) return undefined;
    throw dockerError(args, result);
  }
  const found = await lstat(copy);
  if (found.isSymbolicLink() && links < MOST_LINKS) {
    const target = posix.resolve(posix.dirname(path), await readlink(copy));
    return readOne(container, target, `${copy}.`, links + 1);
  }
  return found.isFile() ? readFile(copy, 'utf8') : undefined;
}
