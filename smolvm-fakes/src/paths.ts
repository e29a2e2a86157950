import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isRootless } from './system/rootless.ts';

/** Like smolvm, ignores relative values of the XDG variables, and on macOS all of them. */
function xdg(variable: string, fallback: string, onMac: string, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(homedir(), 'Library', onMac);
  const value = process.env[variable];
  return value !== undefined && isAbsolute(value) ? value : join(homedir(), fallback);
}

export const dataDirectory = (platform = process.platform) =>
  join(xdg('XDG_DATA_HOME', '.local/share', 'Application Support', platform), 'smolvm');
export const cacheDirectory = (platform = process.platform) =>
  xdg('XDG_CACHE_HOME', '.cache', 'Caches', platform);
export const databasePath = (platform = process.platform) =>
  join(dataDirectory(platform), 'server', 'smolvm.db');

/** The folder of one machine, named by the first 16 hex digits of the SHA-256 of the machine's name. */
export function vmDirectory(name: string, platform = process.platform): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return join(cacheDirectory(platform), 'smolvm', 'vms', hash);
}

/** The shared assets of all machines from one sidecar, keyed by the sidecar's CRC-32. */
export const packCacheDirectory = () => join(cacheDirectory(), 'smolvm-pack');

/** Images from `create --image FILE`, keyed by the SHA-256 of the file. */
export const imageArchiveCacheDirectory = () => join(cacheDirectory(), 'smolvm-image-archives');

/** The root filesystem of bare machines, which smolvm's own agent would boot. */
export const agentRootfs = () => process.env.SMOLVM_AGENT_ROOTFS ?? join(dataDirectory(), 'agent-rootfs');

/**
 * What is alive. Root's is shared by all fakes on this host, whatever their HOME, because interfaces and firewall
 * rules belong to the host, and on a tmpfs, so that a reboot clears it together with what it describes. The guests
 * of an ordinary user add nothing to the host, and have it beside their state.
 */
export const RUNTIME_DIRECTORY = isRootless() ? join(dataDirectory(), 'runtime') : '/run/smolvm-fake';
