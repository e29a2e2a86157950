import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { machineFolders } from '../smolvm/machine-folder.ts';

/** Bytes of a Unix socket's path: `sun_path` of the system without the NUL at its end. */
const LONGEST = { darwin: 103, other: 107 } as const;
/** smolvm names a machine's folder by 16 hex digits. */
const SOCKET = join('f'.repeat(16), 'agent.sock');

/**
 * Checks that smolvm can make the sockets of machines, which it only finds out when one starts.
 * @throws BottleError `path-unusable`
 */
export function assertSocketPathsFit(
  platform: NodeJS.Platform = process.platform,
  folders = machineFolders(platform),
): void {
  const bytes = Buffer.byteLength(join(folders, SOCKET));
  const longest = platform === 'darwin' ? LONGEST.darwin : LONGEST.other;
  if (bytes <= longest) return;
  const variable = platform === 'darwin' ? 'HOME' : 'XDG_CACHE_HOME';
  throw new BottleError(
    'path-unusable',
    `${folders} is too long for smolvm: the socket of a machine would have a path of ${bytes} bytes, and ${longest} are possible`,
    { hint: `Set ${variable} to a directory with a shorter path, for the kit and for smolvm.` },
  );
}
