import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const RELAY = join(import.meta.dirname, '..', '..', '..', 'lib', 'channels', 'relay', 'relay.mjs');

let directory: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
});
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
  rmSync(directory, { recursive: true, force: true });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 250) throw new Error('the condition was not met within 5 s');
    await sleep(20);
  }
}

async function relay(...pairs: string[]): Promise<ChildProcess> {
  const ready = join(directory, `ready-${pairs.length}-${ends.length}`);
  const child = spawn(process.execPath, [RELAY, ready, '--until', directory, ...pairs], { stdio: 'inherit' });
  ends.push(() => child.kill('SIGKILL'));
  await until(() => statSync(ready, { throwIfNoEntry: false }) !== undefined);
  expect(readFileSync(ready, 'utf8')).toBe(String(child.pid));
  return child;
}

async function serve(handle: (socket: Socket) => void, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, handle);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  ends.push(() => server.close());
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

function publish(port: number, daemon = 'egress'): string {
  const path = join(directory, `${daemon}-urls.json`);
  writeFileSync(path, JSON.stringify({ data: { published: [{ daemon, host: '127.0.0.1', port }] } }));
  return `${path}#${daemon}`;
}

/** Opens a connection, sends `sent`, and resolves when it has come back or the connection is closed. */
function echo(path: string, sent: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => socket.write(sent));
    ends.push(() => socket.destroy());
    socket.once('data', () => resolve(socket)).on('error', () => {});
    socket.once('close', () => resolve(socket));
  });
}

const echoing = (socket: Socket) => void socket.on('error', () => {}).pipe(socket);
const descriptors = (child: ChildProcess) => readdirSync(`/proc/${child.pid}/fd`).length;

/** Sends `sent`, ends its side, and returns what it receives. */
function exchange(path: string, sent: Buffer | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ path, allowHalfOpen: true });
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.end(sent);
  });
}

describe('the relay', () => {
  it('the relay passes all bytes both ways, even on half-closed connections', async () => {
    // Responds only after the client has ended its side.
    const { port } = await serve((socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk)).on('end', () => socket.end(Buffer.concat(chunks)));
    });
    const path = join(directory, 'a.sock');
    await relay(`${path}=${publish(port)}`);
    const sent = Buffer.alloc(8 * 1024 ** 2, 'some bytes ');
    expect((await exchange(path, sent)).equals(sent)).toBe(true);
  });

  it('the relay finds a restarted bundle on another port', async () => {
    const path = join(directory, 'a.sock');
    const first = await serve((socket) => socket.end('first'));
    const target = publish(first.port);
    await relay(`${path}=${target}`);
    expect((await exchange(path, '')).toString()).toBe('first');
    first.server.close();
    const second = await serve((socket) => socket.end('second'));
    publish(second.port);
    expect((await exchange(path, '')).toString()).toBe('second');
  });

  it('the relay survives a missing target, and works once it exists', async () => {
    const path = join(directory, 'a.sock');
    const child = await relay(`${path}=${join(directory, 'egress-urls.json')}#egress`);
    await exchange(path, 'x').catch(() => {});
    const { port } = await serve((socket) => socket.end('here now'));
    publish(port);
    expect((await exchange(path, '')).toString()).toBe('here now');
    expect(child.exitCode).toBeNull();
  });

  it('the relay applies backpressure to a fast sender', async () => {
    let [received, paused] = [0, true];
    const { port } = await serve((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.length;
      });
      socket.pause();
      setTimeout(() => {
        paused = false;
        socket.resume();
      }, 500);
    });
    const path = join(directory, 'a.sock');
    const child = await relay(`${path}=${publish(port)}`);
    const socket = connect({ path });
    ends.push(() => socket.destroy());
    let accepted = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const total = 64 * 1024 ** 2;
    for (let sent = 0; sent < total; sent += chunk.length) {
      if (!socket.write(chunk)) {
        if (paused) accepted = sent;
        await new Promise((resolve) => socket.once('drain', resolve));
      }
    }
    await until(() => received === total);
    expect(accepted).toBeLessThan(16 * 1024 ** 2);
    const resident =
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;
    expect(resident).toBeLessThan(150 * 1024 ** 2);
  });

  it('a flood of silent connections takes few descriptors, and shuts nobody out', {
    timeout: 30_000,
  }, async () => {
    const path = join(directory, 'a.sock');
    const { port } = await serve(echoing);
    const child = await relay(`${path}=${publish(port)}`);
    const stream = await echo(path, 'x');
    const before = descriptors(child);
    let open = 0;
    for (let count = 0; count < 1_500; count += 1) {
      const socket = connect({ path });
      socket.on('close', () => (open -= 1)).on('error', () => {});
      ends.push(() => socket.destroy());
      await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', resolve));
      open += 1;
    }
    await until(() => open <= 512);
    expect(open).toBeGreaterThan(400);
    expect(descriptors(child) - before).toBeLessThan(1_100);
    // The oldest of the flood make room, not the stream that was there before.
    await sleep(1_100);
    for (const text of ['a', 'b', 'c']) expect((await echo(path, text)).destroyed).toBe(false);
    const back = new Promise<string>((resolve) => stream.once('data', (bytes) => resolve(String(bytes))));
    stream.write('still here');
    expect(await back).toBe('still here');
  });

  it('a flood that is busy at one daemon leaves room for another, and is refused beyond the limit', async () => {
    const [flooded, other] = [join(directory, 'a.sock'), join(directory, 'b.sock')];
    const { port } = await serve(echoing);
    await relay(`${flooded}=${publish(port)}`, `${other}=${publish(port, 'supervise')}`);
    const sockets: Socket[] = [];
    for (let count = 0; count < 512; count += 1) sockets.push(await echo(flooded, 'x'));
    const busy = setInterval(() => {
      for (const socket of sockets) socket.write('x');
    }, 200);
    ends.push(() => clearInterval(busy));
    await sleep(300);
    expect((await echo(flooded, 'x')).destroyed).toBe(true);
    expect((await echo(other, 'x')).destroyed).toBe(false);
    expect(sockets.filter((socket) => socket.destroyed)).toHaveLength(1);
  });

  it('idle and half-closed connections end on both sides, those with traffic stay', async () => {
    const path = join(directory, 'a.sock');
    let accepted = 0;
    const { port } = await serve((socket) => {
      accepted += 1;
      socket.on('close', () => (accepted -= 1));
      echoing(socket);
    });
    const child = await relay('--idle', '1500', `${path}=${publish(port)}`);
    const busy = await echo(path, 'x');
    const writing = setInterval(() => busy.write('x'), 100);
    ends.push(() => clearInterval(writing));
    const idle = await echo(path, 'x');
    expect([idle.destroyed, accepted]).toEqual([false, 2]);
    await until(() => idle.destroyed);
    await until(() => accepted === 1);
    expect(busy.destroyed).toBe(false);
    child.kill('SIGKILL');
    await until(() => accepted === 0);

    // A server that never answers a client that has ended its side.
    const deaf = await serve((socket) => {
      accepted += 1;
      socket.on('error', () => {}).resume();
    });
    const second = await relay('--half-closed', '300', `${path}=${publish(deaf.port)}`);
    const quiet = connect({ path });
    ends.push(() => quiet.destroy());
    await until(() => accepted === 1);
    const before = descriptors(second);
    expect(String(await exchange(path, 'x').catch(() => ''))).toBe('');
    expect(accepted).toBe(2);
    await until(() => descriptors(second) === before);
    expect(quiet.destroyed).toBe(false);
  });

  it('only the owner can use the relay’s host socket', async () => {
    const path = join(directory, 'a.sock');
    await relay(`${path}=${publish(1)}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('the relay ignores SIGINT and SIGHUP, which are meant for the launch', async () => {
    const child = await relay(`${join(directory, 'a.sock')}=${publish(1)}`);
    child.kill('SIGINT');
    child.kill('SIGHUP');
    await sleep(100);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });
});
