import { BottleError } from '../errors.ts';

/** Of the system, as in Node's `error.code`. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);
const UNUSABLE: Readonly<Record<string, string>> = {
  EROFS: 'is on a file system that is mounted read-only',
  EACCES: 'may not be used by this user',
  EPERM: 'may not be used by this user',
  ENOTDIR: 'goes through what is no directory',
  ELOOP: 'goes through too many links',
  ENAMETOOLONG: 'is too long',
};
/** SQLITE_FULL, SQLITE_READONLY, SQLITE_CANTOPEN. */
const SQLITE: Readonly<Record<number, 'full' | 'unusable'>> = { 13: 'full', 8: 'unusable', 14: 'unusable' };

/**
 * Returns what the operator can do about an error that the system gave and no other code has explained, such as a full disk
 * or a home that cannot be written; undefined for anything else, which is a fault of the kit.
 */
export function knownFailure(error: unknown): BottleError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall, errcode } = error as Partial<
    Record<'code' | 'path' | 'syscall' | 'errcode', unknown>
  >;
  const ofSqlite = typeof errcode === 'number' ? SQLITE[errcode & 0xff] : undefined;
  if (ofSqlite === 'full' || (typeof code === 'string' && FULL.has(code))) {
    return new BottleError('disk-full', `the disk is full${typeof path === 'string' ? `: ${path}` : ''}`, {
      hint: 'Free some space, then try again: `make cleanup`, `docker system prune`.',
      cause: error,
    });
  }
  // Node says so of a new directory on a file system that is mounted read-only.
  const isRefused = code === 'ENOENT' && syscall === 'mkdir';
  const reason = isRefused ? 'cannot be made' : typeof code === 'string' ? UNUSABLE[code] : undefined;
  if (ofSqlite === undefined && (reason === undefined || typeof path !== 'string')) return undefined;
  const what = typeof path === 'string' ? path : 'a file of the kit’s home';
  return new BottleError('path-unusable', `${what} ${reason ?? 'cannot be opened or written'}`, {
    hint: 'Correct that, or set BOT_BOTTLE_HOME or BOT_BOTTLE_CACHE to a directory that you can write to.',
    cause: error,
  });
}
