import { access } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when there is a file at `path`. */
export async function appears(path: string): Promise<void> {
  const isThere = () =>
    access(path).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) await sleep(20);
}
