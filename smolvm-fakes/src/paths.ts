import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Like smolvm on Linux: relative values of the XDG variables do not count. */
function xdg(variable: string, fallback: string): string {
  const value = process.env[variable];
  return value !== undefined && isAbsolute(value) ? value : join(homedir(), fallback);
}

export const dataDirectory = () => join(xdg('XDG_DATA_HOME', '.local/share'), 'smolvm');
export const cacheDirectory = () => xdg('XDG_CACHE_HOME', '.cache');
export const databasePath = () => join(dataDirectory(), 'server', 'smolvm.db');

/** The folder of one machine: named by the first 16 hex digits of the SHA-256 of its name. */
export function vmDirectory(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return join(cacheDirectory(), 'smolvm', 'vms', hash);
}

/** Where the assets of every machine from one sidecar are shared, keyed by the sidecar's CRC-32. */
export const packCacheDirectory = () => join(cacheDirectory(), 'smolvm-pack');

/** Images that machines were created from by `--image FILE`, by the SHA-256 of the file. */
export const imageArchiveCacheDirectory = () => join(cacheDirectory(), 'smolvm-image-archives');

/** The root filesystem of bare machines, as smolvm's own agent would boot it. */
export const agentRootfs = () => process.env.SMOLVM_AGENT_ROOTFS ?? join(dataDirectory(), 'agent-rootfs');

/**
 * What every fake on this host shares, whatever HOME it runs under, because interfaces, firewall rules and
 * containers are the host's. On a tmpfs, so that a reboot forgets it together with what it describes.
 */
export const RUNTIME_DIRECTORY = '/run/smolvm-fake';
