import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureToolImage } from '../../lib/guest/tool-image.ts';

/** Copies the guest tool out of its image into a directory. Returns its path. */
export async function copyGuestTool(directory: string): Promise<string> {
  const image = await ensureToolImage({ say: () => {} });
  const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
  const container = docker('create', image, 'none');
  const path = join(directory, 'guest-tool');
  try {
    docker('cp', `${container}:/guest-tool`, path);
  } finally {
    docker('rm', container);
  }
  return path;
}
