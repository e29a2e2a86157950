// The load generator. It runs in its own process, controlled over IPC, so it never shares an event loop with
// an engine.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { type Streams, streamLoop } from './streams.ts';
import { type Exchanged, exchange, openWire, type Route, requestBytes } from './wire.ts';

export interface Rate {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests within the measured time, and all including the warm-up. */
  readonly requests: number;
  readonly sent: number;
}

/** The tasks of the generator, with their arguments and results. */
export interface Tasks {
  /** Each connection sends its next request once it has the response to the last one. */
  closedLoop: {
    ask: {
      route: Route;
      token?: string;
      connections: number;
      warmMs: number;
      measureMs: number;
      body: string;
    };
    answer: Rate;
  };
  /**
   * The same over HTTP/2 on one connection. Requests per second; `undefined` if the engine does not speak it.
   */
  streamLoop: { ask: Streams; answer: number | undefined };
  /** CONNECT and TLS to hosts never seen before, one after the other. The median, in milliseconds. */
  freshHosts: {
    ask: { route: Route; prefix: string; count: number };
    answer: { p50: number; worst: number };
  };
  /** Transfers this many bytes one way. MB/s; `undefined` if it failed. */
  transfer: {
    ask: { route: Route; token?: string; direction: 'down' | 'up'; bytes: number };
    answer: number | undefined;
  };
  /** Sends all bodies at once, each on its own connection. Seconds until the last response. */
  bodies: { ask: { route: Route; count: number; body: string; repeat: number }; answer: number };
  /** Sends a small request every few milliseconds, until `endProbe`. */
  probe: { ask: { route: Route }; answer: { slowest: number; p50: number; requests: number } };
  endProbe: { ask: undefined; answer: undefined };
}

const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
const ascending = (times: number[]) => times.sort((one, other) => one - other);

function expectOk({ status }: Exchanged): void {
  if (status !== 200) throw new Error(`an answer with status ${status}`);
}

async function closedLoop(ask: Tasks['closedLoop']['ask']): Promise<Rate> {
  const request = requestBytes(ask.route, '/v1/items', Buffer.from(ask.body), ask.token);
  const times: number[] = [];
  let sent = 0;
  const start = performance.now() + ask.warmMs;
  const end = start + ask.measureMs;
  const loop = async (socket: TLSSocket) => {
    for (let now = performance.now(); now < end; ) {
      expectOk(await exchange(socket, request));
      const after = performance.now();
      sent += 1;
      if (now >= start && after <= end) times.push(after - now);
      now = after;
    }
    socket.destroy();
  };
  const sockets = await Promise.all(Array.from({ length: ask.connections }, () => openWire(ask.route)));
  await Promise.all(sockets.map(loop));
  ascending(times);
  return {
    perSecond: (times.length * 1000) / ask.measureMs,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    requests: times.length,
    sent,
  };
}

async function freshHosts({ route, prefix, count }: Tasks['freshHosts']['ask']) {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    const socket = await openWire({ ...route, host: `${prefix}${index}.${route.host}` });
    times.push(performance.now() - start);
    socket.destroy();
  }
  ascending(times);
  return { p50: quantile(times, 0.5), worst: times.at(-1) ?? Number.NaN };
}

async function transfer({ route, direction, bytes, token }: Tasks['transfer']['ask']) {
  const socket = await openWire(route);
  socket.on('error', () => {});
  const down = direction === 'down';
  const body = down ? Buffer.alloc(0) : Buffer.alloc(bytes, 'all work and no play makes a dull body. ');
  const request = requestBytes(route, down ? `/v1/down/${bytes}` : '/v1/up', body, token);
  const start = performance.now();
  try {
    const answer = await exchange(socket, request);
    expectOk(answer);
    if (down && answer.bytes !== bytes) return undefined;
    return bytes / 1e6 / ((performance.now() - start) / 1000);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

async function bodies({ route, count, body, repeat }: Tasks['bodies']['ask']) {
  const request = requestBytes(route, '/v1/up', Buffer.from(body.repeat(repeat)));
  const sockets = await Promise.all(Array.from({ length: count }, () => openWire(route)));
  const start = performance.now();
  await Promise.all(sockets.map(async (socket) => expectOk(await exchange(socket, request))));
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return seconds;
}

let isProbing = false;

async function probe({ route }: Tasks['probe']['ask']) {
  const request = requestBytes(route, '/v1/items', Buffer.from('{"kind":"probe"}'));
  const socket = await openWire(route);
  const times: number[] = [];
  isProbing = true;
  while (isProbing) {
    const start = performance.now();
    expectOk(await exchange(socket, request));
    times.push(performance.now() - start);
    await sleep(2);
  }
  socket.destroy();
  ascending(times);
  return { slowest: times.at(-1) ?? Number.NaN, p50: quantile(times, 0.5), requests: times.length };
}

async function endProbe(): Promise<undefined> {
  isProbing = false;
}

const TASKS: { [Name in keyof Tasks]: (ask: Tasks[Name]['ask']) => Promise<Tasks[Name]['answer']> } = {
  closedLoop,
  streamLoop,
  freshHosts,
  transfer,
  bodies,
  probe,
  endProbe,
};

interface Message<Name extends keyof Tasks> {
  readonly id: number;
  readonly name: Name;
  readonly ask: Tasks[Name]['ask'];
}

process.on('message', <Name extends keyof Tasks>({ id, name, ask }: Message<Name>) => {
  TASKS[name](ask).then(
    (answer) => process.send?.({ id, answer }),
    (error: unknown) =>
      process.send?.({ id, error: `${name}: ${error instanceof Error ? error.message : String(error)}` }),
  );
});
process.on('disconnect', () => process.exit(0));
