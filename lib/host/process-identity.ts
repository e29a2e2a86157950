import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { z } from 'zod';
import { childEnvironment } from './child-environment.ts';

/** Identifies a process even if its PID is reused later. */
export const processIdentity = z.strictObject({
  pid: z.number().int().positive(),
  /** Start time as the system reports it: clock ticks since boot on Linux, a date elsewhere. */
  started: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? await startTicks(pid) : await startDate(pid);
  return started === undefined ? undefined : { pid, started };
}

export async function isProcessAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.started === identity.started;
}

async function startTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 2, the program's name in parentheses, may contain anything; field 22 is the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    return state === 'Z' ? undefined : ticks;
  } catch {
    return undefined;
  }
}

async function startDate(pid: number): Promise<string | undefined> {
  const result = await execa('ps', ['-o', 'lstart=', '-p', String(pid)], {
    ...{ reject: false, env: childEnvironment('plain'), extendEnv: false },
  });
  return result.stdout.trim() || undefined;
}
