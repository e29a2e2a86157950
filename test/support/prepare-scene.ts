import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { vi } from 'vitest';
import { BottleError } from '../../lib/errors.ts';
import { KIT_DIRECTORY } from '../../lib/host/directories.ts';
import type { Host } from '../../lib/prepare/host.ts';
import { type Checked, preflight } from '../../lib/prepare/preflight.ts';

/** Returns a machine that lacks nothing, except for `changes`. */
export function hostWith(changes: Partial<Host> = {}): Host {
  return {
    engine: async () => 'running',
    kvm: async () => {},
    fakeObstacles: async () => [],
    platform: 'linux',
    usedAliases: async () => new Set(),
    imageId: async () => undefined,
    freeBytes: async () => 10 * 1024 ** 3,
    hasTerminal: true,
    ...changes,
  };
}

/** Writes files below the test's temporary directory. */
export async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

/** Installs a smolvm that only prints its version. */
export async function smolvmOf(root: string, version: string): Promise<void> {
  const file = path.join(root, 'bin', 'smolvm');
  await writeFiles(root, { 'bin/smolvm': `#!/bin/sh\necho "${version}"\n` });
  await chmod(file, 0o755);
  vi.stubEnv('SMOLVM', file);
}

export const FAKE = path.join(KIT_DIRECTORY, 'smolvm-fakes', 'bin', 'smolvm-0.8.0');

export async function check(root: string, agent: string, host: Host = hostWith()): Promise<Checked> {
  const choice = { agent, bottles: [], cwd: path.join(root, 'cwd'), slug: `${agent}-00000` };
  return preflight(choice, host);
}

export const missingEngine = async (): Promise<never> => {
  throw new BottleError('engine-missing', 'no Docker engine answers', { hint: 'Start it.' });
};
