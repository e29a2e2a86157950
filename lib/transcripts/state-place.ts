import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isMissing } from '../host/files.ts';
import { isPlainPath, PIECE, type TranscriptFile, type TranscriptPlace } from './place.ts';

/** Session files on the host. Links, which a guest may have sent, are never followed. */
export function statePlace(directory: string): TranscriptPlace {
  return {
    async list() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(orNone);
      const files = entries
        .filter((entry) => entry.isFile())
        .map(async ({ parentPath, name }): Promise<TranscriptFile[]> => {
          const path = relative(directory, join(parentPath, name));
          const found = await lstat(join(directory, path)).catch(() => undefined);
          if (found === undefined || !isPlainPath(path)) return [];
          return [{ path, bytes: found.size, modified: found.mtimeMs }];
        });
      return (await Promise.all(files)).flat();
    },
    async read(path, from) {
      const file = await open(join(directory, path), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
        orNothing,
      );
      if (file === undefined) return Buffer.alloc(0);
      try {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, from);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

function orNone(error: unknown): [] {
  if (isMissing(error)) return [];
  throw error;
}

function orNothing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
