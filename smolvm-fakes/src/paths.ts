import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Ignores relative values of the XDG variables, like smolvm on Linux. */
function xdg(variable: string, fallback: string): string {
  const value = process.env[variable];
  return value !== undefined && isAbsolute(value) ? value : join(homedir(), fallback);
}

export const dataDirectory = () => join(xdg('XDG_DATA_HOME', '.local/share'), 'smolvm');
export const cacheDirectory = () => xdg('XDG_CACHE_HOME', '.cache');
export const databasePath = () => join(dataDirectory(), 'server', 'smolvm.db');

/** The folder of one machine, named by the first 16 hex digits of the SHA-256 of the machine's name. */
export function vmDirectory(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return join(cacheDirectory(), 'smolvm', 'vms', hash);
}

/** The shared assets of all machines from one sidecar, keyed by the sidecar's CRC-32. */
export const packCacheDirectory = () => join(cacheDirectory(), 'smolvm-pack');

/** Images from `create --image FILE`, keyed by the SHA-256 of the file. */
export const imageArchiveCacheDirectory = () => join(cacheDirectory(), 'smolvm-image-archives');

/** The root filesystem of bare machines, which smolvm's own agent would boot. */
export const agentRootfs = () => process.env.SMOLVM_AGENT_ROOTFS ?? join(dataDirectory(), 'agent-rootfs');

/**
 * State shared by all fakes on this host, whatever their HOME, because interfaces, firewall rules and
 * containers belong to the host. On a tmpfs, so that a reboot clears it together with what it describes.
 */
export const RUNTIME_DIRECTORY = '/run/smolvm-fake';
