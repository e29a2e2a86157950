import type { HostAttack } from './host/host-attack.ts';
import { INBOUND } from './host/inbound-attacks.ts';
import { NAMES } from './host/names-attacks.ts';
import { PLANTED } from './host/planted-attacks.ts';
import { REBINDING } from './host/rebinding-attacks.ts';
import { TERMINAL } from './host/terminal-attacks.ts';

/** What is tried in the guest and met on the host. */
export const HOST_ATTACKS: readonly HostAttack[] = [
  ...TERMINAL,
  ...NAMES,
  ...INBOUND,
  ...REBINDING,
  ...PLANTED,
];
