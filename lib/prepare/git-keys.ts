import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BottleError } from '../errors.ts';
import { shortPath } from '../host/short-path.ts';
import type { Manifest } from '../manifest/types.ts';
import { placeOf } from './manifest-place.ts';

/** Returns the absolute path of a key file. `~/` is the operator's home; relative paths start at `cwd`. */
export function keyFile(written: string, cwd: string): string {
  return written.startsWith('~/') ? join(homedir(), written.slice(2)) : resolve(cwd, written);
}

export async function gitKeyProblems(manifest: Manifest, cwd: string): Promise<BottleError[]> {
  const problems = manifest.bottle.gitGate.repos.map(async ({ name, key }) => {
    if (key.kind !== 'static') return [];
    const path = keyFile(key.path, cwd);
    const reason = await unusable(path);
    if (reason === undefined) return [];
    const place = `git-gate.repos.${name}${placeOf(manifest, `git-gate.repos.${name}`)}`;
    return [
      new BottleError('key-unusable', `${place}: the key ${shortPath(path)} ${reason}`, {
        hint: 'Correct `key.path`, or put a private key there that this user can read.',
      }),
    ];
  });
  return (await Promise.all(problems)).flat();
}

async function unusable(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 'does not exist';
  if (!found.isFile()) return 'is not a file';
  return access(path, constants.R_OK).then(
    () => undefined,
    () => 'cannot be read by this user',
  );
}
