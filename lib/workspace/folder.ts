import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileHasSecret } from './secret-content.ts';
import { isSecretName } from './secret-names.ts';

export interface SurveyedFolder {
  /** Relative paths of files, links and directories, each directory before what is in it. */
  readonly paths: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** Files that look like secrets, and what is neither file, link nor directory. */
  readonly leftOut: readonly { path: string; reason: 'secret' | 'name' }[];
}

/** Lists what of a folder goes into a bottle. Follows no links. */
export async function surveyFolder(root: string, takeSecrets: boolean): Promise<SurveyedFolder> {
  const paths: string[] = [];
  const leftOut: SurveyedFolder['leftOut'][number][] = [];
  let [files, bytes] = [0, 0];
  const visit = async (directory: string) => {
    const entries = await readdir(join(root, directory), { withFileTypes: true });
    for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        paths.push(path);
        await visit(path);
        continue;
      }
      if (!entry.isFile() && !entry.isSymbolicLink()) {
        leftOut.push({ path, reason: 'name' });
        continue;
      }
      const isSecret = isSecretName(path) || (entry.isFile() && (await fileHasSecret(join(root, path))));
      if (isSecret && !takeSecrets) {
        leftOut.push({ path, reason: 'secret' });
        continue;
      }
      paths.push(path);
      files += 1;
      bytes += (await lstat(join(root, path))).size;
    }
  };
  await visit('');
  return { paths, files, bytes, leftOut };
}
