import { configError } from '../errors.ts';
import type { Profile } from '../profile.ts';
import type { VmRecord } from '../state/record.ts';

export type Backend = 'tsi' | 'virtio-net';
type Backends = Pick<Profile, 'policyBackend' | 'portsBackend'>;

/** The backend of a machine's network: the record's, or else the version's default. */
export function backendOf(
  record: Pick<VmRecord, 'network_backend' | 'ports' | 'allowed_cidrs' | 'dns_filter_hosts'>,
  profile: Backends,
): Backend {
  if (record.network_backend !== undefined) return record.network_backend;
  if (record.ports.length > 0 && profile.portsBackend === 'virtio-net') return 'virtio-net';
  return hasPolicy(record) ? profile.policyBackend : 'tsi';
}

/**
 * Refuses a policy on a backend that does not support it; 1.1.3 swapped the two. Called at create and at
 * start.
 * @throws SmolvmError.
 */
export function refuseBackend(
  record: Pick<VmRecord, 'network_backend' | 'allowed_cidrs' | 'dns_filter_hosts'>,
  profile: Backends,
): void {
  const backend = record.network_backend;
  if (backend === undefined || backend === profile.policyBackend || !hasPolicy(record)) return;
  if (backend === 'virtio-net') {
    throw configError('egress', 'egress policy is not supported with the virtio-net backend');
  }
  throw configError(
    'egress',
    'egress policy (--allow-cidr/--allow-host/--outbound-localhost-only) requires the virtio-net backend; ' +
      'TSI does not enforce it. Remove --net-backend tsi, or the policy',
  );
}

function hasPolicy(record: Pick<VmRecord, 'allowed_cidrs' | 'dns_filter_hosts'>): boolean {
  return record.allowed_cidrs !== null || (record.dns_filter_hosts?.length ?? 0) > 0;
}
