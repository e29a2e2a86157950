import { readFile } from 'node:fs/promises';
import { allowedFile } from '../contract/git-gate/allowed.ts';
import type { FindingIds } from './finding-ids.ts';
import type { Exceptions } from './judge/check.ts';

/** What a person lets pass in a repository, by the file at `path`. Nothing where it is absent, or not what it should be. */
export async function readExceptions(path: string, repo: string, ids: FindingIds): Promise<Exceptions> {
  const allowed = await allowedIn(path);
  const idOf: Exceptions['idOf'] = (finding) => ids.idOf(repo, finding);
  return { idOf, allows: (finding) => allowed.has(idOf(finding)) };
}

async function allowedIn(path: string): Promise<ReadonlySet<string>> {
  try {
    const { findings } = allowedFile.parse(JSON.parse(await readFile(path, 'utf8')));
    return new Set(findings.map(({ id }) => id));
  } catch {
    return new Set();
  }
}
