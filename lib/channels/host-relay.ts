import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bottleDirectory } from '../bottle/paths.ts';
import { recordPath } from '../bottle/records.ts';
import { makeSocketDirectory, socketDirectory } from '../bottle/socket-directory.ts';
import type { DaemonName } from '../daemons/contract/daemons.ts';
import { BottleError } from '../errors.ts';
import { writeAtomically } from '../host/files.ts';
import { identifyProcess, isProcessAlive, processIdentity } from '../host/process-identity.ts';
import { readJson } from '../host/read-json.ts';
import { hostSocket } from './socket-place.ts';

const PROGRAM = join(import.meta.dirname, 'relay', 'relay.mjs');
const READY_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 5_000;

/**
 * Starts the process that connects the bottle's Unix sockets to the bundle's published ports, unless it is
 * already running. It outlives the phase, and ends with `stopHostRelay` or when the bottle's state is gone.
 * @throws BottleError `bundle-failed` when it does not start within 10 s.
 */
export async function startHostRelay(slug: string, daemons: readonly DaemonName[]): Promise<void> {
  if (await isHostRelayAlive(slug)) return;
  const directory = await makeSocketDirectory(slug);
  const ready = join(directory, 'ready');
  await rm(ready, { force: true });
  const record = recordPath(slug, 'discover-urls');
  const pairs = daemons.map((daemon) => `${hostSocket(slug, daemon)}=${record}#${daemon}`);
  const args = [PROGRAM, ready, '--until', bottleDirectory(slug), ...pairs];
  // It keeps no output stream open, and gets no environment, which may contain tokens.
  const child = spawn(process.execPath, args, { detached: true, stdio: 'ignore', env: {} });
  child.unref();
  const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
  if (identity !== undefined) await writeAtomically(identityPath(slug), JSON.stringify(identity));
  for (const deadline = performance.now() + READY_TIMEOUT_MS; performance.now() < deadline; await sleep(20)) {
    if ((await readFile(ready, 'utf8').catch(() => '')) === String(child.pid)) return;
    if (child.exitCode !== null) break;
  }
  throw new BottleError(
    'bundle-failed',
    'the relay between the bundle and the guest’s sockets did not start',
    {
      hint: `Its sockets are in ${directory}.`,
    },
  );
}

export async function isHostRelayAlive(slug: string): Promise<boolean> {
  const identity = await readJson(identityPath(slug), processIdentity);
  return identity !== undefined && (await isProcessAlive(identity));
}

/** Stops the relay and removes its sockets. Idempotent; never signals another process with a reused PID. */
export async function stopHostRelay(slug: string): Promise<void> {
  const identity = await readJson(identityPath(slug), processIdentity);
  if (identity !== undefined && (await isProcessAlive(identity))) {
    process.kill(identity.pid, 'SIGTERM');
    const deadline = performance.now() + STOP_TIMEOUT_MS;
    while ((await isProcessAlive(identity)) && performance.now() < deadline) await sleep(20);
    if (await isProcessAlive(identity)) process.kill(identity.pid, 'SIGKILL');
  }
  await rm(identityPath(slug), { force: true });
  await rm(socketDirectory(slug), { recursive: true, force: true });
}

function identityPath(slug: string): string {
  return join(bottleDirectory(slug), 'relay.json');
}
