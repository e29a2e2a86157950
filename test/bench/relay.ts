#!/usr/bin/env node
// Measures the socket tier's two relays: the same echo server directly, and through both relays, in one run. Needs
// Linux, for the guest's relay, and a Docker engine, which builds it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { columns } from '../../lib/terminal/output.ts';
import { copyGuestTool } from '../support/guest-tool.ts';

const RELAY = join(import.meta.dirname, '..', '..', 'lib', 'channels', 'relay', 'relay.mjs');
const ROUND_TRIPS = 3_000;
const BYTES = 512 * 1024 ** 2;
const CHUNK = Buffer.alloc(64 * 1024, 7);
/** Each way is measured this often, in turn. The median counts. */
const ROUNDS = 5;

const directory = mkdtempSync(join(tmpdir(), 'bk-'));
const children: { kill(): void }[] = [];

async function startRelay(...pairs: string[]): Promise<void> {
  const ready = join(directory, `ready-${children.length}`);
  const child = spawn(process.execPath, [RELAY, ready, ...pairs], { stdio: 'inherit' });
  children.push({ kill: () => child.kill('SIGKILL') });
  while (!existsSync(ready)) await sleep(20);
}

/** The guest's relay goes into the background, and ends when another one wants its lock. */
async function startGuestRelay(port: number, socket: string): Promise<void> {
  const tool = await copyGuestTool(directory);
  const lock = join(directory, 'lock');
  const run = (...pairs: string[]) => spawnSync(tool, ['relay', lock, ...pairs]);
  if (run(`${port}=${socket}`).status !== 0) throw new Error('the guest’s relay did not start');
  children.push({ kill: () => run('0=none') });
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Median and 99th percentile of a one-byte round trip, in microseconds. */
async function latency(port: number): Promise<{ p50: number; p99: number }> {
  const socket = await open(port);
  const times: number[] = [];
  for (let count = 0; count < ROUND_TRIPS; count += 1) {
    const start = performance.now();
    const back = new Promise((resolve) => socket.once('data', resolve));
    socket.write('e');
    await back;
    times.push((performance.now() - start) * 1000);
  }
  socket.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

/** MiB per second from client to server. The server reports when it has received everything. */
async function throughput(port: number): Promise<number> {
  const socket = await open(port);
  const done = new Promise((resolve) => socket.once('data', resolve));
  const start = performance.now();
  socket.write(`sink ${BYTES}\n`);
  for (let sent = 0; sent < BYTES; sent += CHUNK.length) {
    if (!socket.write(CHUNK)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  await done;
  socket.destroy();
  return BYTES / 1024 ** 2 / ((performance.now() - start) / 1000);
}

/** Echoes, unless the first line is `sink N`: then it discards N bytes and responds once. */
const server = createServer({ noDelay: true }, (socket) => {
  let left: number | undefined;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (left === undefined && chunk.subarray(0, 5).toString() === 'sink ') {
      const end = chunk.indexOf('\n');
      left = Number(chunk.subarray(5, end).toString()) - (chunk.length - end - 1);
    } else if (left === undefined) socket.write(chunk);
    else left -= chunk.length;
    if (left === 0) socket.write('done');
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const direct = typeof address === 'object' && address !== null ? address.port : 0;
const record = join(directory, 'discover-urls.json');
writeFileSync(
  record,
  JSON.stringify({ data: { published: [{ daemon: 'egress', host: '127.0.0.1', port: direct }] } }),
);
const reserved = createServer();
await new Promise<void>((resolve) => reserved.listen(0, '127.0.0.1', resolve));
const place = reserved.address();
const relayed = typeof place === 'object' && place !== null ? place.port : 0;
await new Promise((resolve) => reserved.close(resolve));
try {
  const socket = join(directory, 'egress.sock');
  await startRelay(`${socket}=${record}#egress`);
  await startGuestRelay(relayed, socket);
  const measured: Record<'direct' | 'relayed', { p50: number; p99: number; rate: number }[]> = {
    direct: [],
    relayed: [],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [way, port] of [
      ['direct', direct],
      ['relayed', relayed],
    ] as const) {
      measured[way].push({ ...(await latency(port)), rate: await throughput(port) });
    }
  }
  const median = (way: 'direct' | 'relayed', key: 'p50' | 'p99' | 'rate') =>
    measured[way].map((round) => round[key]).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  const row = (name: string, key: 'p50' | 'p99' | 'rate', unit: string) => {
    const [a, b] = [median('direct', key), median('relayed', key)];
    return [name, `${a.toFixed(0)} ${unit}`, `${b.toFixed(0)} ${unit}`, `${(b / a).toFixed(2)} x`];
  };
  console.log(
    columns([
      ['socket tier', 'direct', 'both relays', 'ratio'],
      row('round trip, median', 'p50', 'µs'),
      row('round trip, p99', 'p99', 'µs'),
      row('throughput', 'rate', 'MiB/s'),
    ]),
  );
} finally {
  for (const child of children) child.kill();
  server.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
