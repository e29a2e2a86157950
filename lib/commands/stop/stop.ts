import { setTimeout as sleep } from 'node:timers/promises';
import { hasOnlyDeployKeys, pendingUndo } from '../../bottle/journal.ts';
import { writeMetadata } from '../../bottle/metadata.ts';
import { BottleError } from '../../errors.ts';
import { undisturbed } from '../../host/interruption.ts';
import { isProcessAlive, type ProcessIdentity } from '../../host/process-identity.ts';
import { requireBottle } from '../../phases/running-bottle.ts';
import { teardown } from '../../phases/teardown.ts';
import { describeUndo } from '../../phases/undo.ts';
import { describeSession, listSessions } from '../../sessions/registry.ts';
import { stopSessions } from '../../sessions/stop-sessions.ts';
import { saveWork } from '../fetch/save-work.ts';
import { saveTranscript } from '../transcript/save-transcript.ts';

const CHECK_EVERY_MS = 200;

/** Milliseconds that a launch gets to take its bottle down. */
const TEARDOWN_TIMEOUT_MS = 5 * 60_000;

/**
 * Ends a bottle's sessions, asking each first, and takes the bottle down: its launch does so by its usual rules; of one
 * that was brought up by hand, the state is kept.
 * @param timeoutMs how long holders get to end their sessions.
 * @throws BottleError `state-missing`, `teardown-incomplete`, or `key-not-revoked`.
 */
export async function stop(
  slug: string,
  timeoutMs: number | undefined,
  say: (line: string) => void,
): Promise<void> {
  const metadata = await requireBottle(slug);
  const { owner } = metadata;
  const isLaunching = owner !== null && (await isProcessAlive(owner));
  const sessions = await listSessions(slug);
  if (sessions.length > 0) say(`ending ${sessions.map(describeSession).join(', ')}`);
  else if (isLaunching) process.kill(owner.pid, 'SIGTERM');
  await stopSessions(slug, sessions, timeoutMs);
  if (isLaunching) {
    say('waiting for its launch to take it down');
    await awaitEnd(owner);
    await assertRevoked(slug);
    return;
  }
  const undone = await undisturbed(async () => {
    await saveWork(slug, say);
    await saveTranscript(slug, say);
    return teardown(slug, say);
  });
  await writeMetadata({ ...(await requireBottle(slug)), owner: null });
  say(undone.length === 0 ? 'nothing to take down' : `took down ${undone.join(', ')}`);
  say(`its state was kept; to continue: make resume BOTTLE=${slug}`);
}

/** The launch says why on its own terminal, which may be another one. */
async function assertRevoked(slug: string): Promise<void> {
  const left = await pendingUndo(slug);
  if (!hasOnlyDeployKeys(left)) return;
  const keys = left.map(({ undo }) => describeUndo(undo)).join(', ');
  throw new BottleError('key-not-revoked', `its launch could not revoke: ${keys}`, {
    hint: `Try again: make teardown BOTTLE=${slug}`,
  });
}

async function awaitEnd(owner: ProcessIdentity): Promise<void> {
  const deadline = performance.now() + TEARDOWN_TIMEOUT_MS;
  while (await isProcessAlive(owner)) {
    if (performance.now() > deadline) {
      throw new BottleError('teardown-incomplete', `its launch, process ${owner.pid}, has not ended`, {
        hint: 'Look at what it prints, or end it, then remove the bottle with `make teardown`.',
      });
    }
    await sleep(CHECK_EVERY_MS);
  }
}
