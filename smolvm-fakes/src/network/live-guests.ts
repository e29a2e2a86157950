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

/** One container of this host, and what has to go when it is dead. */
const entrySchema = z.strictObject({
  container: z.string(),
  machine: z.string(),
  /** The process whose death is the machine's; before it exists, the one that is starting it. */
  pid: z.number().int(),
  startTime: z.number().int(),
  device: z.string().optional(),
  rules: z.array(ruleSchema).default([]),
  /** The process that carries the machine's sockets. */
  relay: z.strictObject({ pid: z.number().int(), startTime: z.number().int() }).optional(),
});

export type HostEntry = z.infer<typeof entrySchema>;

/** Writes down what the host holds for a machine, before it does. */
export function remember(entry: HostEntry): void {
  mkdirSync(MACHINES, { recursive: true, mode: 0o700 });
  const file = fileOf(entry.container);
  writeFileSync(`${file}.new`, JSON.stringify(entry));
  renameSync(`${file}.new`, file);
}

export function takenDevices(): ReadonlySet<string> {
  return new Set(entries().flatMap((entry) => entry.device ?? []));
}

/** Removes what a machine has on the host: its rules, its wire, its container's remains. */
export async function release(entry: HostEntry): Promise<void> {
  await using _held = await lock(NETWORK_LOCK);
  // Another process may have done it, and its device may belong to a new machine by now.
  if (entryOf(entry.container) !== undefined) remove(entry);
}

/** The same, if the machine is dead by what is known of it now: who started it may have handed over to it meanwhile. */
export async function releaseDead(container: string): Promise<void> {
  await using _held = await lock(NETWORK_LOCK);
  const entry = entryOf(container);
  if (entry !== undefined && !isAlive(entry)) remove(entry);
}

function remove(entry: HostEntry): void {
  tryRun('runc', ['--root', RUNC_ROOT, 'delete', '--force', entry.container]);
  if (entry.relay !== undefined) signalProcess(entry.relay, 'SIGKILL');
  // The wire first: without its rules it must not be there.
  if (entry.device !== undefined) tryRun('ip', ['link', 'delete', entry.device]);
  uninstall(entry.rules);
  rmSync(fileOf(entry.container), { force: true });
}

export function entryOf(container: string): HostEntry | undefined {
  return read(fileOf(container));
}

/** Removes what machines left that died on their own. Costs one directory read when there is nothing to do. */
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
    // Removed meanwhile by another process's sweep.
    return undefined;
  }
}

function fileOf(container: string): string {
  return join(MACHINES, `${container}.json`);
}
