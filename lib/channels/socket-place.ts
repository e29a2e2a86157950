import { join } from 'node:path';
import { socketDirectory } from '../bottle/socket-directory.ts';
import type { DaemonName } from '../daemons/contract/daemons.ts';

export function hostSocket(slug: string, daemon: DaemonName): string {
  return join(socketDirectory(slug), `${daemon}.sock`);
}

/** Returns the path of a daemon's socket in the guest. */
export function guestSocket(daemon: DaemonName): string {
  return `/run/bot-bottle/${daemon}.sock`;
}
