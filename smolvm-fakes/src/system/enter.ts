import { flushCompileCache } from 'node:module';
import { INSIDE_VARIABLE } from './rootless.ts';
import { programPath } from './run.ts';

/** Maps root to us and all other ids to those that /etc/subuid and /etc/subgid give us, in one block. */
export const NEW_NAMESPACE = ['--user', '--map-root-user', '--map-auto'] as const;

/**
 * Replaces this program by itself as root of a user namespace: a new one, or that of the process `pid`, whose guest
 * belongs to it. Our process id, standard streams and working directory stay.
 */
export function enterNamespace(pid: number | undefined): never {
  const [program, ...words] =
    pid === undefined
      ? ['unshare', ...NEW_NAMESPACE]
      : ['nsenter', '--target', String(pid), '--user', '--setuid', '0', '--setgid', '0'];
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const path = programPath(program) ?? program;
  flushCompileCache();
  process.execve?.(path, [path, ...words, '--', ...self], { ...process.env, [INSIDE_VARIABLE]: '1' });
  throw new Error('this Node cannot replace itself');
}
