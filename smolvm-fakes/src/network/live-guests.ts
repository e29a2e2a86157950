import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RUNTIME_DIRECTORY } from '../paths.ts';
import { lock } from '../system/flock.ts';
import { isAlive, signalProcess } from '../system/process.ts';
import { tryRun } from '../system/run.ts';
import { ruleSchema, uninstall } from './firewall.ts';

const MACHINES = join(RUNTIME_DIRECTORY, 'machines');
export const NETWORK_LOCK = join(RUNTIME_DIRECTORY, 'network.lock');
export const RUNC_ROOT = join(RUNTIME_DIRECTORY, 'runc');

/** A container on this host, and what to clean up when it is dead. */
const entrySchema = z.strictObject({
  container: z.string(),
  machine: z.string(),
  /** The process that the machine lives and dies with; until that exists, the process that starts it. */
  pid: z.number().int(),
  startTime: z.number().int(),
  device: z.string().optional(),
  rules: z.array(ruleSchema).default([]),
  /** The process that relays the machine's sockets. */
  relay: z.strictObject({ pid: z.number().int(), startTime: z.number().int() }).optional(),
});

export type HostEntry = z.infer<typeof entrySchema>;

/** Records what the host is about to hold for a machine. */
export function remember(entry: HostEntry): void {
  mkdirSync(MACHINES, { recursive: true, mode: 0o700 });
  const file = fileOf(entry.container);
  writeFileSync(`${file}.new`, JSON.stringify(entry));
  renameSync(`${file}.new`, file);
}

export function takenDevices(): ReadonlySet<string> {
  return new Set(entries().flatMap((entry) => entry.device ?? []));
}

/** Removes what a machine has on the host: its rules, its link, its container's remains. */
export async function release(entry: HostEntry): Promise<void> {
  await using _held = await lock(NETWORK_LOCK);
  // Another process may have done this already, and the device may belong to a new machine by now.
  if (entryOf(entry.container) !== undefined) remove(entry);
}

/** Like {@link release}, but only if the machine is still dead: its starter may have handed over to it. */
export async function releaseDead(container: string): Promise<void> {
  await using _held = await lock(NETWORK_LOCK);
  const entry = entryOf(container);
  if (entry !== undefined && !isAlive(entry)) remove(entry);
}

function remove(entry: HostEntry): void {
  tryRun('runc', ['--root', RUNC_ROOT, 'delete', '--force', entry.container]);
  if (entry.relay !== undefined) signalProcess(entry.relay, 'SIGKILL');
  // The link first: it must not exist without its rules.
  if (entry.device !== undefined) tryRun('ip', ['link', 'delete', entry.device]);
  uninstall(entry.rules);
  rmSync(fileOf(entry.container), { force: true });
}

export function entryOf(container: string): HostEntry | undefined {
  return read(fileOf(container));
}

/** Cleans up after machines that died on their own. Costs one directory read when there is nothing to do. */
export async function sweep(): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const entry of entries()) {
    if (!isAlive(entry)) await releaseDead(entry.container);
  }
}

function entries(): HostEntry[] {
  return names().flatMap((name) => read(join(MACHINES, name)) ?? []);
}

function names(): string[] {
  try {
    return readdirSync(MACHINES).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function read(file: string): HostEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Another process's sweep has removed it.
    return undefined;
  }
}

function fileOf(container: string): string {
  return join(MACHINES, `${container}.json`);
}
