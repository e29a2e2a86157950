import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds between two looks. */
const INTERVAL_MS = 15;

/**
 * Runs `work`, and returns the peak of what these processes and all their children have in memory, in MB. Pages that
 * several share are counted once (`Pss`). Linux only; elsewhere `undefined`.
 */
export async function peakDuring(
  pids: readonly number[],
  work: () => Promise<unknown>,
): Promise<number | undefined> {
  if (process.platform !== 'linux') return void (await work());
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryOf(pids));
  }, INTERVAL_MS);
  await work().finally(() => clearInterval(timer));
  return peak;
}

function memoryOf(roots: readonly number[]): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^[0-9]+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isOurs = (pid: number): boolean => {
    if (roots.includes(pid)) return true;
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && isOurs(parent);
  };
  return [...parents.keys()].filter(isOurs).reduce((sum, pid) => sum + megabytesOf(pid), 0);
}

/** Processes come and go: one that has gone has no parent, and needs no memory. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parentOf(pid: string): number | undefined {
  const parent = /\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function megabytesOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}
