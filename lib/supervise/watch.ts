import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import type { Heartbeat } from '../daemons/contract/supervise/heartbeat.ts';
import { HEARTBEAT_FILE, replaceQueueFile } from '../daemons/contract/supervise/queue-files.ts';
import { isMissing } from '../host/files.ts';

/** Tells the bottle's agent that somebody looks at its proposals; repeat it every `HEARTBEAT_MS`. */
export async function beat(bottle: string): Promise<void> {
  const heartbeat: Heartbeat = { version: 1, at: new Date().toISOString() };
  try {
    await replaceQueueFile(bottlePaths.superviseQueue(bottle), HEARTBEAT_FILE, heartbeat);
  } catch (error) {
    // It has no queue, or was removed meanwhile.
    if (!isMissing(error)) throw error;
  }
}

/** Nobody looks any more. Another one who does says so again with the next beat. */
export async function stopBeating(bottle: string): Promise<void> {
  await rm(join(bottlePaths.superviseQueue(bottle), HEARTBEAT_FILE), { force: true });
}
