import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from '../host/process-identity.ts';
import { listSessions, type SessionEntry } from './registry.ts';

const CHECK_EVERY_MS = 100;

/** Milliseconds that holders get: they give an agent ten seconds to end by itself. */
export const STOP_TIMEOUT_MS = 20_000;

/**
 * Ends sessions: asks each agent, and kills it after a while. Returns when all have ended; kills a holder that has not
 * ended its session within `timeoutMs`.
 */
export async function stopSessions(
  slug: string,
  sessions: readonly SessionEntry[],
  timeoutMs = STOP_TIMEOUT_MS,
): Promise<void> {
  for (const { holder } of sessions) signal(holder.pid, 'SIGTERM');
  const ids = sessions.map(({ id }) => id);
  const left = async () => (await listSessions(slug)).filter(({ id }) => ids.includes(id));
  const deadline = performance.now() + timeoutMs;
  while ((await left()).length > 0 && performance.now() < deadline) await sleep(CHECK_EVERY_MS);
  for (const { holder } of await left()) if (await isProcessAlive(holder)) signal(holder.pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
