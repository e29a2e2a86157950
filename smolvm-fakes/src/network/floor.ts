import type { Profile } from '../profile.ts';
import type { Backend } from './backend.ts';
import type { Subnet } from './subnet.ts';

const METADATA: readonly Subnet[] = ['169.254.0.0/16'];
const INTERNAL: readonly Subnet[] = [
  ...METADATA,
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '100.64.0.0/10',
];

/** What no list can allow, by version and by smolvm's environment. Unknown values mean strict. */
export function floorOf(
  profile: Pick<Profile, 'floor'>,
  backend: Backend,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly Subnet[] {
  if (profile.floor === 'none') return [];
  if (profile.floor === 'published') {
    if (backend === 'tsi') return [];
    return environment.SMOLVM_PUBLISH_ADDR === undefined ? METADATA : INTERNAL;
  }
  const mode = environment.SMOLVM_EGRESS_FLOOR ?? 'metadata';
  if (mode === 'off') return [];
  return mode === 'metadata' ? METADATA : INTERNAL;
}
