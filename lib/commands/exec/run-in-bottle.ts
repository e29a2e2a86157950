import { runningBottle } from '../../phases/running-bottle.ts';
import { holdSession } from '../../sessions/hold-session.ts';
import { looksOf } from '../../sessions/looks.ts';
import type { SessionKind } from '../../sessions/registry.ts';

/** The best shell that the guest has. */
export const SHELL = ['/bin/sh', '-c', 'exec "$(command -v bash || echo /bin/sh)"'];

/**
 * Runs a command in a bottle that is up, as the agent and with its environment, on this process's streams.
 * @returns its exit code.
 * @throws BottleError `state-missing` for a bottle that does not exist or is not up.
 */
export async function runInBottle(
  slug: string,
  kind: Exclude<SessionKind, 'agent'>,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { plan, bottle } = await runningBottle(slug);
  return holdSession(bottle, command, { ...(await looksOf(plan)), kind, signal });
}
