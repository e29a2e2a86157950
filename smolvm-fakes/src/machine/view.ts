import { probedState } from '../guest/folder.ts';
import type { Profile } from '../profile.ts';
import type { VmRecord } from '../state/record.ts';

/**
 * A machine as `ls --json` and `status --json` show it: keys in alphabetical order, without env or policy.
 */
export function jsonView(record: VmRecord, profile: Profile) {
  const state = probedState(record);
  const view = {
    cmd: record.cmd,
    cpus: record.cpus,
    created_at: record.created_at,
    entrypoint: record.entrypoint,
    ephemeral: record.ephemeral,
    gpu: record.gpu,
    gpu_vram_mib: record.gpu_vram_mib,
    health_cmd: record.health_cmd?.join(' ') ?? null,
    health_interval_secs: record.health_interval_secs,
    health_retries: record.health_retries,
    health_startup_grace_secs: record.health_startup_grace_secs,
    health_timeout_secs: record.health_timeout_secs,
    image: record.image,
    memory_mib: record.mem,
    mounts: record.mounts.length,
    name: record.name,
    network: record.network,
    overlay_gb: record.overlay_gb,
    pid: state === 'running' || state === 'unreachable' ? record.pid : null,
    ports: record.ports.length,
    restart_count: record.restart.restart_count,
    restart_max_retries: record.restart.max_retries,
    restart_policy: record.restart.policy,
    state,
    storage_gb: record.storage_gb,
  };
  if (!profile.forks) return view;
  const added = {
    cuda: false,
    cuda_fork_pool_size: null,
    cuda_vram_limit_mib: null,
    forkable: false,
    forkpoint_held: false,
    labels: record.labels ?? {},
  };
  const entries = Object.entries({ ...view, ...added });
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
