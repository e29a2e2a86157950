import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { identifyProcess, type ProcessIdentity } from '../host/process-identity.ts';

/** Returns the folder of smolvm's folders of machines, following smolvm's rule for each platform. */
export function machineFolders(
  platform: NodeJS.Platform = process.platform,
  env = process.env,
  home = homedir(),
): string {
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'smolvm', 'vms');
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.cache'), 'smolvm', 'vms');
}

/**
 * Returns the folder of a machine, named by a digest of its name. smolvm's own `data-dir` would say the same, but not for
 * a machine whose record is gone.
 */
export function machineFolder(name: string): string {
  return join(machineFolders(), createHash('sha256').update(name).digest('hex').slice(0, 16));
}

/**
 * Returns the process of a machine that runs, whatever its record says: smolvm writes `agent.pid` (number and start time)
 * into the machine's folder before it updates the record.
 */
export async function machineProcess(folder: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(join(folder, 'agent.pid'), 'utf8').catch(() => '');
  const [pid = '', started] = text.trim().split('\n');
  if (!/^[1-9]\d{0,9}$/.test(pid)) return undefined;
  const identity = await identifyProcess(Number(pid));
  // Elsewhere, smolvm counts the start time in another way than `ps`.
  const isSame = process.platform !== 'linux' || started === undefined || identity?.started === started;
  return isSame ? identity : undefined;
}

const launched = z.looseObject({
  resources: z.looseObject({ allowed_cidrs: z.array(z.string()).nullish() }),
});

/** Returns what the machines that run may reach, of whatever home, even those whose record is gone. */
export async function reachOfRunningMachines(except: string): Promise<string[]> {
  const own = machineFolder(except);
  const names = await readdir(machineFolders()).catch(() => []);
  const reach = await Promise.all(
    names.map(async (name) => {
      const folder = join(machineFolders(), name);
      if (folder === own || (await machineProcess(folder)) === undefined) return [];
      const text = await readFile(join(folder, 'agent.config.json'), 'utf8').catch(() => '{}');
      return launched.safeParse(jsonOf(text)).data?.resources.allowed_cidrs ?? [];
    }),
  );
  return reach.flat();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
