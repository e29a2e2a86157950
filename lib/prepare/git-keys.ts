import { open, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BottleError } from '../errors.ts';
import { repositoryOf } from '../forge/repository.ts';
import { shortPath } from '../host/short-path.ts';
import type { GitRepo, Manifest } from '../manifest/types.ts';
import { placeOf } from './manifest-place.ts';
import { whyNoPrivateKey } from './private-key.ts';

/** More than any private key has. */
const MAX_KEY_BYTES = 64 * 1024;

/** Returns the absolute path of a key file. `~/` is the operator's home; relative paths start at `cwd`. */
export function keyFile(written: string, cwd: string): string {
  return written.startsWith('~/') ? join(homedir(), written.slice(2)) : resolve(cwd, written);
}

/** Returns what keeps the gate from reaching an upstream: keys that it cannot use, and hosts that are not pinned. */
export async function gitKeyProblems(manifest: Manifest, cwd: string): Promise<BottleError[]> {
  const problems = manifest.bottle.gitGate.repos.map(async (repo) => {
    const key = `git-gate.repos.${repo.name}`;
    const place = `${key}${placeOf(manifest, key)}`;
    return [
      ...hostKeyProblems(repo, place),
      ...(await privateKeyProblems(repo, place, cwd)),
      ...deployKeyProblems(repo, place),
    ];
  });
  return (await Promise.all(problems)).flat();
}

function hostKeyProblems({ hostKey, upstream }: GitRepo, place: string): BottleError[] {
  const { scheme, host, port } = upstream;
  if (hostKey !== undefined || scheme === 'https') return [];
  const scan = ['ssh-keyscan', '-t', 'ed25519', ...(port === 22 ? [] : ['-p', String(port)]), host].join(' ');
  const message = `${place} has no host_key: the gate connects only to a server whose key it knows`;
  return [
    new BottleError('key-unusable', message, {
      hint: `Run \`${scan}\`, compare its key with the one that the server’s operator publishes, and add it as \`host_key: ssh-ed25519 …\`.`,
    }),
  ];
}

function deployKeyProblems({ key, upstream }: GitRepo, place: string): BottleError[] {
  if (key.kind !== 'deploy' || repositoryOf(key.forge, upstream.path) !== undefined) return [];
  const message = `${place}: ${key.forge} has no repository ${upstream.path}, for which a deploy key could be made`;
  return [
    new BottleError('key-unusable', message, {
      hint: 'Write the path of `url` as `/OWNER/REPOSITORY.git`, as the forge shows it.',
    }),
  ];
}

async function privateKeyProblems({ key }: GitRepo, place: string, cwd: string): Promise<BottleError[]> {
  if (key.kind !== 'static') return [];
  const path = keyFile(key.path, cwd);
  const reason = await unusable(path);
  if (reason === undefined) return [];
  return [
    new BottleError('key-unusable', `${place}: the key ${shortPath(path)} ${reason}`, {
      hint: 'Correct `key.path`, or put a private key there that this user can read.',
    }),
  ];
}

async function unusable(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 'does not exist';
  if (!found.isFile()) return 'is not a file';
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return 'cannot be read by this user';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_KEY_BYTES), 0, MAX_KEY_BYTES, 0);
    return whyNoPrivateKey(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}
