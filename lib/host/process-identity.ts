import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { z } from 'zod';
import { childEnvironment } from './child-environment.ts';

/** Identifies a process even if its PID is reused later. */
export const processIdentity = z.strictObject({
  pid: z.number().int().positive(),
  /** Start time: clock ticks since boot on Linux; elsewhere a date in UTC, to the second. */
  started: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

export async function identifyProcess(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): Promise<ProcessIdentity | undefined> {
  const started = platform === 'linux' ? await startTicks(pid) : await startDate(pid);
  return started === undefined ? undefined : { pid, started };
}

export async function isProcessAlive(
  { pid, started }: ProcessIdentity,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  const now = await identifyProcess(pid, platform);
  if (now === undefined || platform === 'linux') return now?.started === started;
  return isSameStart(now.started, started);
}

/** Milliseconds by which dates of the same start may differ: `ps` rounds what the kernel computes from a clock that is set. */
const TOLERANCE_MS = 2_000;

function isSameStart(one: string, other: string): boolean {
  return one === other || Math.abs(Date.parse(one) - Date.parse(other)) <= TOLERANCE_MS;
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

/** `ps` writes the date in the caller's language and time zone, which may be others when it is read again. */
async function startDate(pid: number): Promise<string | undefined> {
  const { stdout } = await execa('ps', ['-o', 'lstart=', '-p', String(pid)], {
    reject: false,
    env: { ...childEnvironment('plain'), LC_ALL: 'C', TZ: 'UTC' },
    extendEnv: false,
  });
  const date = new Date(`${stdout.trim()} UTC`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
