import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finished, Sandbox } from '../support/kit.ts';
import type { Cell } from './cell.ts';
import { type Launched, launchWith } from './launch-with.ts';
import { leftovers } from './leftovers.ts';

export interface Outcome {
  readonly exitCode: number;
  /** Of the launch alone. */
  readonly seconds: number;
  /** What was wrong; none when everything was right. */
  readonly faults: readonly string[];
  readonly stderr: string;
}

/** Exit code of a launch that says that something remains. */
const REMAINS = 74;
/** Seconds for calls that outlive a killed launch, each of which ends by itself. */
const SETTLE_S = 15;

/** Runs one cell, and judges: time, exit code, what is left, and whether what says that something is left can be undone. */
export async function runCell(cell: Cell): Promise<Outcome> {
  const launched = await launchWith(cell.version, cell);
  const { user, directory, running } = launched;
  try {
    const since = performance.now();
    if (cell.interrupts) await pressWhenHit(launched);
    const finished = await within(running, cell.bound);
    const seconds = (performance.now() - since) / 1000;
    const faults: string[] = [];
    if (finished === undefined) faults.push(`did not end within ${cell.bound} s`);
    const isMet = existsSync(join(directory, 'hit'));
    // How often something is asked until it is ready differs from launch to launch.
    if (!isMet && cell.target.nth === 1) faults.push('the fault was never met');
    const { exitCode, stderr } = finished ?? (await kill(running));
    const codes = isMet ? cell.codes : [0];
    if (finished !== undefined && !codes.includes(exitCode)) {
      faults.push(`exit code ${exitCode} instead of ${codes.join(' or ')}`);
    }
    if (/unexpected:|\n\s+at .*\.ts:\d+/.test(stderr)) faults.push('an error that nobody has explained');
    await cell.restore?.(user);
    faults.push(...(await whatRemains(user, exitCode)));
    return { exitCode, seconds, faults, stderr };
  } finally {
    await cell.restore?.(user).catch(() => {});
    user.remove();
  }
}

async function pressWhenHit({ directory, running }: Launched): Promise<void> {
  let isOver = false;
  void running.finished.then(() => {
    isOver = true;
  });
  while (!isOver && !existsSync(join(directory, 'hit'))) await sleep(50);
  await sleep(300);
  if (!isOver) process.kill(-(running.child.pid ?? 0), 'SIGINT');
}

async function within({ finished }: Launched['running'], seconds: number): Promise<Finished | undefined> {
  const late = new AbortController();
  const result = await Promise.race([
    finished,
    sleep(seconds * 1000, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
  return result;
}

async function kill({ child, finished }: Launched['running']): Promise<Finished> {
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  return finished;
}

/**
 * Returns what the launch has left and what `make teardown` and `make cleanup` then leave. A launch that was killed, or that
 * says that something remains, may leave something for these; any other, nothing.
 */
async function whatRemains(user: Sandbox, exitCode: number): Promise<string[]> {
  const mayLeave = exitCode === REMAINS || exitCode === -1;
  if (mayLeave) await awaitCalls(user);
  const left = await leftovers(user);
  const faults = mayLeave ? [] : left.map((what) => `left ${what}`);
  if (exitCode === REMAINS) {
    for (const slug of await user.bottles()) {
      const { exitCode: code, stderr } = await user.run('teardown', ['--bottle', slug, '--discard']);
      if (code !== 0) faults.push(`a second teardown ended with ${code}: ${stderr.trim()}`);
    }
  }
  if (left.length === 0 && !mayLeave) return faults;
  const { exitCode: code, stderr } = await user.run('cleanup', ['--yes', '--discard']);
  if (code !== 0) faults.push(`cleanup ended with ${code}: ${stderr.trim()}`);
  return [...faults, ...(await leftovers(user)).map((what) => `left after cleanup: ${what}`)];
}

/** Waits for processes that outlive a killed launch, but not for guests and relays, which do not end by themselves. */
async function awaitCalls(user: Sandbox): Promise<void> {
  for (let waited = 0; waited < SETTLE_S; waited += 0.5) {
    const processes = (await leftovers(user)).filter((what) => /^process \d+: .*(docker|smolvm)/.test(what));
    if (processes.length === 0) return;
    await sleep(500);
  }
}
