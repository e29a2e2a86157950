import { setTimeout as sleep } from 'node:timers/promises';
import { type BundleHealth, bundleHealth } from '../daemons/contract/init/health.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { dockerTry } from '../docker/cli.ts';
import { findContainer } from '../docker/container.ts';
import { BottleError } from '../errors.ts';

/** Starting takes about a second. The limit allows for a machine that swaps while it starts eight bottles. */
const READY_TIMEOUT_MS = 120_000;
const FIRST_POLL_MS = 50;
/** Each poll is an exec in the container; on a busy machine, frequent polling would add to the load. */
const LONGEST_POLL_MS = 1_000;

/** Returns whether the bundle's init reports that every requested daemon accepts connections. */
export async function isHealthy(container: string): Promise<boolean> {
  return (await readHealth(container))?.ready ?? false;
}

/**
 * Waits until the bundle is healthy.
 * @throws BottleError `bundle-not-ready` with the log of the failing daemon.
 */
export async function awaitHealthy(container: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (
    let pause = FIRST_POLL_MS;
    performance.now() < deadline;
    pause = Math.min(pause * 1.5, LONGEST_POLL_MS)
  ) {
    signal.throwIfAborted();
    const health = await readHealth(container);
    if (health?.ready) return;
    if (health === undefined && (await findContainer(container))?.running !== true) break;
    if (health?.daemons.some((daemon) => daemon.state === 'failed')) break;
    await sleep(pause, undefined, { signal });
  }
  throw await notReady(container);
}

/** Reads what the bundle's init reports about its daemons; undefined if it cannot be read. */
export async function readHealth(container: string): Promise<BundleHealth | undefined> {
  const result = await dockerTry(['exec', container, 'cat', CONTAINER_PATHS.health]);
  if (result.exitCode !== 0) return undefined;
  const parsed = bundleHealth.safeParse(JSON.parse(result.stdout || 'null'));
  return parsed.success ? parsed.data : undefined;
}

async function notReady(container: string): Promise<BottleError> {
  const health = await readHealth(container);
  const failing = (health?.daemons ?? []).filter((daemon) => daemon.state !== 'ready');
  const names =
    failing.map((daemon) => `${daemon.name} is ${daemon.state}`).join(', ') || 'its init did not start';
  const log = await bundleLog(container, 200);
  const prefixes = failing.map((daemon) => `[${daemon.name}]`);
  const lines = log
    .split('\n')
    .filter((line) => prefixes.length === 0 || prefixes.some((prefix) => line.includes(prefix)));
  return new BottleError(
    'bundle-not-ready',
    `the bundle is not healthy: ${names}\n${lines.slice(-15).join('\n')}`,
    {
      hint: `See the full log: docker logs ${container}`,
    },
  );
}

/** Returns the last log lines of the bundle's daemons, stdout and stderr. */
export async function bundleLog(container: string, lines: number): Promise<string> {
  const result = await dockerTry(['logs', '--tail', String(lines), container]);
  return [result.stdout, result.stderr].filter((text) => text !== '').join('\n');
}
