import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import { findContainer, removeContainer } from '../docker/container.ts';
import { bundleLog } from './health.ts';

/** Seconds between TERM and KILL: one more than the 8 s that the bundle's init gives its daemons. */
const BUNDLE_GRACE_SECONDS = 9;

/** Log lines of a container that the bottle's state keeps. */
const KEPT_LOG_LINES = 10_000;

/** Removes a bottle's container, and saves the end of its log if it can, in case the state is kept. Idempotent. */
export async function undoContainer(slug: string, name: string): Promise<void> {
  const container = await findContainer(name);
  if (container === undefined) return;
  // A full disk, or an engine that does not tell, is no reason to leave a bundle with tokens running.
  await saveLog(slug, name).catch(() => {});
  await removeContainer(name, container.running ? BUNDLE_GRACE_SECONDS : 0);
}

async function saveLog(slug: string, name: string): Promise<void> {
  await mkdir(bottlePaths.logs(slug), { recursive: true, mode: 0o700 });
  const log = await bundleLog(name, KEPT_LOG_LINES);
  await writeFile(join(bottlePaths.logs(slug), `${name}.log`), log, { mode: 0o600 });
}
