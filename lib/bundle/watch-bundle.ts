import { setTimeout as sleep } from 'node:timers/promises';
import { dockerTry } from '../docker/cli.ts';
import { findContainer } from '../docker/container.ts';

/** What became of a bundle. */
export type BundleChange =
  | { readonly state: 'dead' /** Such as `the Docker engine does not answer`. */; readonly reason: string }
  | { readonly state: 'alive' };

/** Milliseconds between checks whether a dead bundle is back. */
const CHECK_EVERY_MS = 2000;

/** Yields when a running bundle dies, and when it runs again, until `signal` aborts. */
export async function* watchBundle(container: string, signal: AbortSignal): AsyncGenerator<BundleChange> {
  for (;;) {
    const reason = await reasonOfDeath(container, signal);
    if (signal.aborted) return;
    yield { state: 'dead', reason };
    for (let isBack = false; !isBack; ) {
      await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      isBack = await isRunning(container);
    }
    yield { state: 'alive' };
  }
}

/** Waits in the engine for the container's end, again when only the waiting has ended. */
async function reasonOfDeath(container: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const { exitCode, stdout, stderr } = await dockerTry(['wait', container], { signal });
    if (exitCode === 0) return `the bundle has ended with code ${stdout.trim()}`;
    if (/no such container/i.test(stderr)) return 'the bundle was removed';
    if (!(await isRunning(container))) return 'the Docker engine does not answer';
    await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return '';
  }
}

async function isRunning(container: string): Promise<boolean> {
  return (await findContainer(container).catch(() => undefined))?.running === true;
}
