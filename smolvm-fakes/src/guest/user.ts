import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentError } from '../errors.ts';

/** The user that a guest process runs as. */
export interface GuestUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

export const ROOT: GuestUser = { uid: 0, gid: 0, additionalGids: [], home: '/root' };

/**
 * Resolves an image's USER (`name`, `uid`, `name:group` …) with the passwd and group files of the image's own
 * root filesystem, which no guest can write to. @throws SmolvmError for an unknown name.
 */
export function guestUser(text: string | undefined, rootfs: string): GuestUser {
  const [name = '', group] = (text ?? '').split(':');
  if (name === '') return ROOT;
  const users = linesOf(rootfs, 'etc/passwd');
  const groups = linesOf(rootfs, 'etc/group');
  const entry = users.find(([login, , uid]) => login === name || uid === name);
  if (entry === undefined && !isNumber(name)) throw agentError('exec', `unable to find user ${name}`);
  const uid = Number(entry?.[2] ?? name);
  const login = entry?.[0];
  return {
    uid,
    gid: group === undefined ? Number(entry?.[3] ?? 0) : groupId(group, groups),
    additionalGids:
      group === undefined && login !== undefined
        ? groups.filter((each) => each[3]?.split(',').includes(login)).map((each) => Number(each[2]))
        : [],
    home: entry?.[5] || '/',
  };
}

function groupId(group: string, groups: readonly string[][]): number {
  const entry = groups.find(([name, , gid]) => name === group || gid === group);
  if (entry === undefined && !isNumber(group)) throw agentError('exec', `unable to find group ${group}`);
  return Number(entry?.[2] ?? group);
}

/**
 * Lines of a colon-separated file; none when it is missing or a symlink, which could lead out of the image.
 */
function linesOf(rootfs: string, path: string): string[][] {
  try {
    if (!lstatSync(join(rootfs, 'etc')).isDirectory() || !lstatSync(join(rootfs, path)).isFile()) return [];
    const text = readFileSync(join(rootfs, path), 'utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

const isNumber = (text: string) => /^\d+$/.test(text);
