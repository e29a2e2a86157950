import type { EngineSecurity } from '../../lib/docker/engine/security.ts';

/** Of an engine that runs as root and maps nothing, as Debian's does. */
export const PLAIN_SECURITY: EngineSecurity = {
  isRootless: false,
  remapsUsers: false,
  hasSelinux: false,
};
