import type { GuestAttack } from './attack.ts';
import { ADDRESSES } from './attacks/addresses.ts';
import { CONTROLS } from './attacks/controls.ts';
import { DAEMONS } from './attacks/daemons.ts';
import { DIRECT } from './attacks/direct.ts';
import { FLOODS } from './attacks/floods.ts';
import { FRONTING } from './attacks/fronting.ts';
import { GUEST_SYSTEM } from './attacks/guest-system.ts';
import { PATHS } from './attacks/paths.ts';
import { AS_ROOT } from './attacks/root.ts';
import { SECRETS } from './attacks/secrets.ts';
import { SMUGGLING } from './attacks/smuggling.ts';
import { SMUGGLING_HTTP2 } from './attacks/smuggling-http2.ts';
import { TUNNELS } from './attacks/tunnels.ts';

/** All attacks that run in the guest. This file runs in the guest, too, and imports nothing of the host's. */
export const GUEST_ATTACKS: readonly GuestAttack[] = [
  ...CONTROLS,
  ...DIRECT,
  ...AS_ROOT,
  ...ADDRESSES,
  ...FRONTING,
  ...SMUGGLING,
  ...SMUGGLING_HTTP2,
  ...PATHS,
  ...SECRETS,
  ...DAEMONS,
  ...GUEST_SYSTEM,
  ...TUNNELS,
  ...FLOODS,
];
