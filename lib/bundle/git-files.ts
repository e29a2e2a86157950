import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UndoAction } from '../bottle/journal.ts';
import { bottlePaths } from '../bottle/paths.ts';
import { GIT_CONFIG_FILES } from '../daemons/contract/git-gate/repos.ts';
import { BottleError } from '../errors.ts';
import { writeAtomically } from '../host/files.ts';
import { shortPath } from '../host/short-path.ts';
import type { Plan } from '../plan/schema.ts';

/** In the directory of the gate's configuration; mounted as the container's `/etc/passwd`. */
const PASSWD = 'passwd';

/**
 * Puts in place what git-gate needs beside its configuration: the private keys, which exist in the bottle's state only
 * while its bundle does, and a directory for its mirrors. Does nothing for a bottle without repositories.
 * @param willUndo is called before anything is written.
 * @throws BottleError `key-unusable` for a key that has gone since the launch was prepared.
 */
export async function stageGitFiles(
  plan: Plan,
  willUndo: (action: UndoAction) => Promise<unknown>,
): Promise<void> {
  if (plan.git.length === 0) return;
  const keys = join(bottlePaths.gitGate(plan.slug), GIT_CONFIG_FILES.keys);
  const mirrors = bottlePaths.gitMirrors(plan.slug);
  await willUndo({ kind: 'path', path: mirrors });
  await willUndo({ kind: 'path', path: keys });
  // Created here, as the user that the daemons run as; the engine would create it as root.
  await mkdir(mirrors, { recursive: true, mode: 0o700 });
  for (const { name, key } of plan.git) {
    if (key.kind !== 'static') continue;
    const content = await readFile(key.file).catch((cause: unknown) => {
      throw new BottleError(
        'key-unusable',
        `git-gate.repos.${name}: the key ${shortPath(key.file)} cannot be read`,
        { hint: 'Put the key back, or correct `key.path` in the bottle.', cause },
      );
    });
    await writeAtomically(join(keys, name), content, 0o600);
  }
  await writeAtomically(join(bottlePaths.gitGate(plan.slug), PASSWD), passwd());
}

/** Returns what is mounted as the container's `/etc/passwd`; a single file, since it never changes. */
export function gitPasswdMount(slug: string): [from: string, to: string] {
  return [join(bottlePaths.gitGate(slug), PASSWD), '/etc/passwd'];
}

/** ssh refuses to run as a user without a name, and the image knows nothing of the one who launches. */
function passwd(): string {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const users = ['root:x:0:0:root:/root:/usr/sbin/nologin'];
  if (uid !== 0) users.push(`bottle:x:${uid}:${gid}::/nonexistent:/usr/sbin/nologin`);
  return users.map((line) => `${line}\n`).join('');
}
