import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tasks } from './load.ts';

/** Whether engine and load can have a core each. */
export const IS_PINNED =
  availableParallelism() > 1 && spawnSync('taskset', ['--version']).error === undefined;

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The engine has core 0 to itself; load and upstream share core 1. */
  readonly core: 0 | 1;
  readonly ipc?: boolean;
}

const children = new Set<ChildProcess>();

/** Kills what is still running, however the bench ends. */
export function stopAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

export function launch({ command, args, env, core, ipc }: Launch): ChildProcess {
  const [program = '', ...rest] = IS_PINNED
    ? ['taskset', '-c', String(core), command, ...args]
    : [command, ...args];
  const output = process.env.BENCH_DEBUG === undefined ? 'ignore' : 'inherit';
  const child = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output, ...(ipc === true ? (['ipc'] as const) : [])],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

/**
 * Milliseconds until the port accepts connections. @throws Error when the process exits first, or 30 s pass.
 */
export async function untilOpen(port: number, child: ChildProcess): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < 30_000) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return performance.now() - start;
    await sleep(1);
  }
  throw new Error(`${child.spawnargs.join(' ')} did not open its port (BENCH_DEBUG=1 shows why)`);
}

/** Resident memory in MB of a process and its helpers, now and at its peak since `forgetPeak`. Linux only. */
export function memoryOf(pids: readonly number[]): { now: number; peak: number } {
  const total = { now: 0, peak: 0 };
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    total.now += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    total.peak += Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }
  return total;
}

/**
 * Microseconds of processor time that the processes have used so far, in user and kernel mode. Linux only.
 */
export function processorTimeOf(pids: readonly number[]): number {
  // Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. The name before them may contain spaces.
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 10_000;
}

export function forgetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Makes the load generator run one task. */
export type Load = <Name extends keyof Tasks>(
  name: Name,
  ask: Tasks[Name]['ask'],
) => Promise<Tasks[Name]['answer']>;

export function startLoad(): Load {
  const file = join(import.meta.dirname, 'load.ts');
  const child = launch({ command: process.execPath, args: [file], core: 1, ipc: true });
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', ({ id, answer, error }: { id: number; answer: never; error?: string }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(error));
  });
  return (name, ask) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      child.send({ id: last, name, ask });
    });
}

/** Returns the process and its descendants. */
export function familyOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(text === '' ? [] : text.split(' ').flatMap((child) => familyOf(Number(child))))];
}
