import { join } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import { type AllowedFile, allowedFile } from '../daemons/contract/git-gate/allowed.ts';
import { GIT_CONFIG_FILES } from '../daemons/contract/git-gate/repos.ts';
import { writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';
import { refused } from './refused.ts';

const MAX_FINDINGS = 1000;

/**
 * Lets a finding of the git gate pass from the next push on. Call it with the lock.
 * @returns a function that takes it back.
 * @throws BottleError `decision-refused` when too many pass already, or `state-corrupt`.
 */
export async function allowFinding(bottle: string, id: string): Promise<() => Promise<void>> {
  const path = join(bottlePaths.gitGate(bottle), GIT_CONFIG_FILES.allowed);
  const before = (await readJson(path, allowedFile)) ?? { version: 1, findings: [] };
  if (before.findings.some((finding) => finding.id === id)) return async () => {};
  if (before.findings.length >= MAX_FINDINGS)
    throw refused(`${bottle} lets ${MAX_FINDINGS} findings pass already`);
  await write(path, { ...before, findings: [...before.findings, { id }] });
  return () => write(path, before);
}

async function write(path: string, file: AllowedFile): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(file, null, 2)}\n`);
}
