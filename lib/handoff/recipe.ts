import { createHash } from 'node:crypto';
import { accessSync, constants, createReadStream, lstatSync } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import { isMissing } from '../host/files.ts';

/**
 * Returns a digest of everything that an image build reads: the Dockerfile, every file of the build context
 * (path, mode, content) and the id of the base image. Includes files in `.dockerignore`: at worst that causes
 * an extra build, which the engine's layer cache makes cheap.
 * Of pipes, sockets and devices, only that they are there: reading one would wait forever.
 * @throws BottleError `manifest-invalid` when the Dockerfile, or a folder or file of the context, cannot be read.
 */
export async function recipeDigest(dockerfile: string, context: string, baseId: string): Promise<string> {
  const hash = createHash('sha256').update(`base ${baseId}\0`);
  const paths = new Set([dockerfile, ...(await filesBelow(context))]);
  for (const path of [...paths].toSorted()) {
    const name = relative(context, path).split(sep).join('/');
    try {
      const stat = await lstat(path);
      hash.update(`${name}\0${stat.mode & 0o777}\0`);
      if (stat.isSymbolicLink()) hash.update(await readlink(path));
      else if (stat.isFile()) for await (const chunk of createReadStream(path)) hash.update(chunk);
      else hash.update(`special ${stat.mode}\0`);
    } catch (error) {
      if (path !== dockerfile) throw unreadable(context, error);
      throw new BottleError(
        'manifest-invalid',
        `the Dockerfile ${dockerfile} cannot be read: ${messageOf(error)}`,
        {
          hint: 'Correct agent_provider.dockerfile in the bottle’s file.',
        },
      );
    }
  }
  return hash.digest('hex');
}

/**
 * Checks before anything is built that a build could read its context, as far as modes tell.
 * @throws BottleError `manifest-invalid` when the Dockerfile, or a folder or file of the context, cannot be read.
 */
export async function assertReadableContext(dockerfile: string, context: string): Promise<void> {
  for (const path of [dockerfile, ...(await filesBelow(context))]) {
    try {
      // A link itself is always readable, and its target may be of the image. Synchronous, for contexts of many files.
      if (!lstatSync(path).isSymbolicLink()) accessSync(path, constants.R_OK);
    } catch (error) {
      // Editors and others remove files meanwhile.
      if (!isMissing(error)) throw unreadable(context, error);
    }
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      // Without a context, the Dockerfile is what is missing.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw unreadable(directory, error);
    },
  );
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

function unreadable(context: string, error: unknown): BottleError {
  return new BottleError(
    'manifest-invalid',
    `the build context ${context} cannot be read: ${messageOf(error)}`,
    {
      hint: 'A build reads all of it: make it readable, or move what does not belong to the image elsewhere.',
    },
  );
}
