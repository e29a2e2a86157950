import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/**
 * Removes a directory with all that is in it, like rmSync. What guests of an ordinary user leave belongs to other ids of
 * that user, so removing it takes a user namespace.
 */
export function removeTree(path: string): void {
  if (process.platform === 'linux' && process.getuid?.() !== 0) {
    const namespace = ['--user', '--map-root-user', '--map-auto', '--'];
    spawnSync('unshare', [...namespace, 'rm', '-rf', '--', path], { stdio: 'ignore' });
  }
  rmSync(path, { recursive: true, force: true });
}
