import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { vmDirectory } from '../paths.ts';
import type { VmRecord } from '../state/record.ts';
import { isAlive, type ProcessIdentity } from '../system/process.ts';

const GIB = 1024 ** 3;

const runningSchema = z.strictObject({
  container: z.string(),
  pid: z.number().int(),
  startTime: z.number().int(),
});

/** The container behind a running machine. */
export type RunningGuest = z.infer<typeof runningSchema>;

/** Creates the machine's folder and sparse disks, as does every verb that opens the machine. */
export function ensureFolder(name: string, storageGb = 20, overlayGb = 10): string {
  const folder = vmDirectory(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'name'), name);
  for (const [disk, gib] of [
    ['storage.raw', storageGb],
    ['overlay.raw', overlayGb],
  ] as const) {
    const file = join(folder, disk);
    if (existsSync(file)) continue;
    writeFileSync(file, '');
    truncateSync(file, gib * GIB);
  }
  return folder;
}

/**
 * The content of `agent.config.json`, the only place that shows the policy that a running machine was
 * launched with. Written by rename, like smolvm's.
 */
export function agentConfigOf(record: VmRecord) {
  return {
    version: 1,
    mounts: record.mounts.map(([source, target, read_only]) => ({ source, target, read_only })),
    ports: record.ports.map(([host, guest]) => ({ host, guest })),
    resources: {
      cpus: record.cpus,
      memory_mib: record.mem,
      network: record.network,
      ...(record.network_backend === undefined ? {} : { network_backend: record.network_backend }),
      gpu: record.gpu ?? false,
      gpu_vram_mib: record.gpu_vram_mib,
      storage_gib: record.storage_gb,
      overlay_gib: record.overlay_gb,
      allowed_cidrs: record.allowed_cidrs,
    },
  };
}

/** Records the machine's container. `agent.pid` is smolvm's own file; `container.json` is the fake's. */
export function noteRunning(folder: string, guest: RunningGuest): void {
  writeFileSync(join(folder, 'agent.pid'), `${guest.pid}\n${guest.startTime}`);
  writeFileSync(join(folder, 'container.json'), JSON.stringify(guest));
}

export function forgetRunning(folder: string): void {
  for (const file of ['agent.pid', 'agent.config.json', 'container.json']) {
    rmSync(join(folder, file), { force: true });
  }
}

/** The live container of a record in state `running`; undefined when its process is gone. */
export function runningGuest(record: VmRecord): RunningGuest | undefined {
  if (record.state !== 'running' || record.pid === null) return undefined;
  const identity = identityOf(record);
  if (identity === undefined || !isAlive(identity)) return undefined;
  const guest = noted(record.name);
  return guest?.pid === identity.pid ? guest : undefined;
}

/** The first process of a machine's container, whatever its record says; undefined unless it is alive. */
export function livePid(name: string): number | undefined {
  const guest = noted(name);
  return guest !== undefined && isAlive(guest) ? guest.pid : undefined;
}

function noted(name: string): RunningGuest | undefined {
  try {
    const file = join(vmDirectory(name), 'container.json');
    return runningSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

export function identityOf(record: VmRecord): ProcessIdentity | undefined {
  if (record.pid === null || record.pid_start_time === null) return undefined;
  return { pid: record.pid, startTime: record.pid_start_time };
}

/** The state shown to users: probed, not just read from the record. */
export function probedState(record: VmRecord): VmRecord['state'] {
  if (record.state !== 'running') return record.state;
  const identity = identityOf(record);
  if (identity === undefined || !isAlive(identity)) return 'stopped';
  return runningGuest(record) === undefined ? 'unreachable' : 'running';
}
