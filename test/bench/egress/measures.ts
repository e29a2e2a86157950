import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reloadReply } from '../../../lib/daemons/contract/egress/reload.ts';
import type { Engine } from './engine.ts';
import { controlOf, OURS, ours } from './engines.ts';
import type { Rate } from './load.ts';
import { manyRoutes } from './many-routes.ts';
import { forgetPeak, IS_PINNED, type Load, memoryOf, processorTimeOf } from './processes.ts';
import type { Running, Stage } from './stage.ts';
import type { Route } from './wire.ts';

/** How long and how often to measure. */
export interface Effort {
  /**
   * Warm-up at 16 connections before anything is measured: engines with a JIT compiler need 20,000 requests.
   */
  readonly runInMs: number;
  /** Warm-up before each number of connections. */
  readonly warmMs: number;
  readonly measureMs: number;
  /** How often everything is measured, engines in turn. The median counts. */
  readonly rounds: number;
  readonly freshHosts: number;
  readonly transferBytes: number;
  readonly starts: number;
}

/** Milliseconds after a run for an engine to release memory. */
const SETTLED_MS = 10_000;

export const CONNECTIONS = [1, 16, 64] as const;

/**
 * One round of one engine. Rates by number of connections; times in milliseconds, memory in MB, transfers in
 * MB/s.
 */
export interface EngineRound {
  readonly rates: readonly Rate[];
  /**
   * The engine's processor time per request at 16 connections, in microseconds: least affected by a busy
   * machine.
   */
  readonly cpu: number | undefined;
  /** The same for the first second after the start. */
  readonly coldCpu: number | undefined;
  /** Requests per second over HTTP/2, at 16 streams on one connection. */
  readonly http2: number | undefined;
  readonly openMs: number;
  readonly freshMs: number | undefined;
  readonly down: number | undefined;
  readonly up: number | undefined;
  readonly idleMb: number | undefined;
  readonly peakMb: number | undefined;
  readonly afterMb: number | undefined;
}

/** Milliseconds from its first request during which an engine counts as cold. */
const COLD_MS = 1000;

/** About 240 bytes of JSON, like an agent's small calls. */
const SMALL = JSON.stringify({
  name: 'fetch-items',
  arguments: { project: 'bottle-kit', page: 2, order: 'updated', labels: ['bug', 'help wanted'] },
  note: 'The list is shown in the side bar; an empty one says so, with a link to the first page.',
  trace: 'step-17',
});

async function ratesOf(
  load: Load,
  route: Route,
  { runInMs, warmMs, measureMs }: Effort,
  token?: string,
  pids?: () => number[],
): Promise<Pick<EngineRound, 'rates' | 'cpu' | 'coldCpu'>> {
  const own = token === undefined ? {} : { token };
  const run = async (connections: number, warm: number, measure: number) => {
    const before = pids && processorTimeOf(pids());
    const times = { warmMs: warm, measureMs: measure };
    const rate = await load('closedLoop', { route, connections, ...times, body: SMALL, ...own });
    const cpu = pids && before !== undefined ? (processorTimeOf(pids()) - before) / rate.sent : undefined;
    return { rate, cpu };
  };
  const { cpu: coldCpu } = await run(16, 0, COLD_MS);
  await run(16, 0, runInMs);
  const rates: Rate[] = [];
  let cpu: number | undefined;
  for (const connections of CONNECTIONS) {
    const measured = await run(connections, warmMs, measureMs);
    rates.push(measured.rate);
    if (connections === 16) cpu = measured.cpu;
  }
  return { rates, cpu, coldCpu };
}

export async function measureDirect(stage: Stage, load: Load, effort: Effort): Promise<EngineRound> {
  const { direct: route, token } = stage;
  const bytes = effort.transferBytes;
  return {
    ...(await ratesOf(load, route, effort, token)),
    http2: undefined,
    openMs: Number.NaN,
    freshMs: undefined,
    down: await load('transfer', { route, token, direction: 'down', bytes }),
    up: await load('transfer', { route, token, direction: 'up', bytes }),
    idleMb: undefined,
    peakMb: undefined,
    afterMb: undefined,
  };
}

/**
 * `intercepts`: false for a tunnel, where the client sees the upstream's own certificate and sends the token
 * itself.
 */
export async function measureEngine(
  stage: Stage,
  load: Load,
  engine: Engine,
  effort: Effort,
  intercepts: boolean,
): Promise<EngineRound> {
  const running = await stage.start(engine);
  const route = intercepts ? running.route : { ...running.route, ca: stage.direct.ca };
  const own = intercepts ? {} : { token: stage.token };
  try {
    await sleep(800);
    const idleMb = memoryOf(running.pids()).now;
    const silent = { ...route, host: stage.suffix, port: 443 };
    const fresh = intercepts
      ? await load('freshHosts', { route: silent, prefix: 'h', count: effort.freshHosts })
      : undefined;
    const rates = await ratesOf(load, route, effort, own.token, running.pids);
    const { warmMs, measureMs, transferBytes: bytes } = effort;
    const http2 = intercepts
      ? await load('streamLoop', { route, streams: 16, warmMs, measureMs, body: SMALL })
      : undefined;
    const down = await load('transfer', { route, direction: 'down', bytes, ...own });
    const up = await load('transfer', { route, direction: 'up', bytes, ...own });
    await sleep(SETTLED_MS);
    const { now: afterMb, peak: peakMb } = memoryOf(running.pids());
    return {
      ...rates,
      http2,
      openMs: running.openMs,
      freshMs: fresh?.p50,
      down,
      up,
      idleMb,
      peakMb,
      afterMb,
    };
  } finally {
    await running.stop();
  }
}

/** Measures sixteen bodies of 7 MiB held at once, and their effect on a concurrent request. */
export async function measureHeld(stage: Stage, load: Load, probe: Load) {
  const running = await stage.start(OURS);
  try {
    await load('bodies', { route: running.route, count: 2, body: SMALL, repeat: 1000 });
    forgetPeak(running.pids());
    const probed = probe('probe', { route: running.route });
    await sleep(300);
    const repeat = Math.ceil((7 * 1024 * 1024) / SMALL.length);
    const seconds = await load('bodies', { route: running.route, count: 16, body: SMALL, repeat });
    await probe('endProbe', undefined);
    const { slowest, p50, requests } = await probed;
    return { peakMb: memoryOf(running.pids()).peak, slowest, p50, requests, seconds };
  } finally {
    await running.stop();
  }
}

/** Milliseconds until the daemon reports that a file with this many routes is in force. */
export async function measureSwap(stage: Stage, routes: number, times: number): Promise<number[]> {
  const running = await stage.start(ours('egress', { more: manyRoutes(routes) }));
  try {
    const taken: number[] = [];
    for (let count = 0; count < times; count += 1) taken.push(await swap(running));
    return taken;
  } finally {
    await running.stop();
  }
}

async function swap({ job }: Running): Promise<number> {
  const start = performance.now();
  let text = '';
  for await (const chunk of connect(controlOf(job))) text += String(chunk);
  const reply = reloadReply.parse(JSON.parse(text));
  if (!reply.ok) throw new Error(reply.error);
  return performance.now() - start;
}

/** Milliseconds until the port accepts connections. */
export async function measureStart(stage: Stage, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let count = 0; count < times; count += 1) {
    const running = await stage.start(OURS);
    taken.push(running.openMs);
    await running.stop();
  }
  return taken;
}

/** Runs a measurement in its own process, on the engines' core, and returns the JSON that it prints. */
export function inProcess(file: string): unknown {
  const prefix = IS_PINNED ? ['taskset', '-c', '0'] : [];
  const [program = '', ...rest] = [...prefix, process.execPath, join(import.meta.dirname, file)];
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file}: ${stderr}`);
  return JSON.parse(stdout);
}
