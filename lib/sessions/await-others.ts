import { setTimeout as sleep } from 'node:timers/promises';
import { describeSession, listSessions } from './registry.ts';
import { stopSessions } from './stop-sessions.ts';

const CHECK_EVERY_MS = 500;

/**
 * Waits until a bottle has no session any more, so that it is not taken down under one. When `signal` aborts, ends
 * them.
 */
export async function awaitOtherSessions(
  slug: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  let others = await listSessions(slug);
  if (others.length === 0) return;
  if (!signal.aborted)
    say(
      `waiting for other sessions of the bottle: ${others.map(describeSession).join(', ')}; Ctrl-C ends them`,
    );
  while (others.length > 0 && !signal.aborted) {
    await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => {});
    others = await listSessions(slug);
  }
  await stopSessions(slug, others);
}
