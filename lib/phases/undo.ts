import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { UndoAction } from '../bottle/journal.ts';
import { bottlePaths, cacheDirectory, homeDirectory } from '../bottle/paths.ts';
import { bundleLog } from '../bundle/health.ts';
import { stopHostRelay } from '../channels/host-relay.ts';
import { findContainer, removeContainer } from '../docker/container.ts';
import { removeNetwork } from '../docker/network.ts';
import { BottleError } from '../errors.ts';
import { removeMachine } from '../guest/remove-machine.ts';
import { versionOf } from '../smolvm/binary.ts';
import { SmolvmClient } from '../smolvm/client.ts';

/** Seconds between TERM and KILL: one more than the 8 that the bundle's init gives its daemons. */
const BUNDLE_GRACE_SECONDS = 9;

/** Log lines of the bundle that are kept for a bottle whose state is kept. */
const KEPT_LOG_LINES = 10_000;

/** Undoes one thing. Idempotent: what is gone already is as good as undone. */
export async function undo(slug: string, action: UndoAction): Promise<void> {
  switch (action.kind) {
    case 'network':
      return removeNetwork(action.name);
    case 'container':
      return undoContainer(slug, action.name);
    case 'machine':
      return removeMachine(
        new SmolvmClient({ path: action.smolvm, version: await versionOf(action.smolvm) }),
        action.name,
      );
    case 'relay':
      return stopHostRelay(slug);
    case 'path':
      return undoPath(action.path);
  }
}

/** What the undoing is of, for people. */
export function describeUndo(action: UndoAction): string {
  return action.kind === 'path' ? action.path : `${action.kind} ${action.name}`;
}

async function undoContainer(slug: string, name: string): Promise<void> {
  const container = await findContainer(name);
  if (container === undefined) return;
  await mkdir(bottlePaths.logs(slug), { recursive: true, mode: 0o700 });
  await writeFile(join(bottlePaths.logs(slug), `${name}.log`), await bundleLog(name, KEPT_LOG_LINES), {
    mode: 0o600,
  });
  await removeContainer(name, container.running ? BUNDLE_GRACE_SECONDS : 0);
}

/** A journal is a file that others might write: it may name nothing outside the kit's own directories. */
async function undoPath(path: string): Promise<void> {
  const own = [homeDirectory(), cacheDirectory()];
  const target = resolve(path);
  if (!own.some((directory) => target.startsWith(resolve(directory) + sep))) {
    throw new BottleError(
      'teardown-incomplete',
      `${path} is outside the kit's directories and is left alone`,
    );
  }
  await rm(target, { recursive: true, force: true });
}
