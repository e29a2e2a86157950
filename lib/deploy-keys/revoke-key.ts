import { setTimeout as sleep } from 'node:timers/promises';
import type { DeployKeyUndo } from '../bottle/journal.ts';
import { DIALECTS } from '../forge/dialects.ts';
import type { ForgeClient } from '../forge/forge-client.ts';
import { openForge } from './open-forge.ts';

/** How often, and after how many milliseconds, a key is looked for that the forge may still be registering. */
const LOOKS = { count: 3, pauseMs: 2_000 };

/** Revokes a deploy key at its forge. Idempotent. @throws BottleError `forge-failed`, `variable-missing` */
export async function revokeKey(key: DeployKeyUndo, looks = LOOKS): Promise<void> {
  const client = await openForge(key);
  const id = key.keyId ?? (await lookFor(client, key.title, looks));
  if (id !== undefined) await client.deleteKey(id);
}

async function lookFor(
  client: ForgeClient,
  title: string,
  { count, pauseMs }: typeof LOOKS,
): Promise<number | undefined> {
  for (let look = 1; ; look += 1) {
    const found = await client.findKey(title);
    if (found !== undefined || look >= count) return found;
    await sleep(pauseMs);
  }
}

/** Names a key, and the page of its forge where a person can revoke it. */
export function describeKey({ title, forge, apiUrl, repository }: DeployKeyUndo): string {
  return `deploy key “${title}” (${DIALECTS[forge].settingsPage(apiUrl, repository)})`;
}
