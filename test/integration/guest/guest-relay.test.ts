import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyGuestTool } from '../../support/guest-tool.ts';

let directory: string;
let tool: string;
let port: number;
const servers: Server[] = [];

const start = (...pairs: string[]) =>
  spawnSync(tool, ['relay', join(directory, 'lock'), ...pairs], { encoding: 'utf8', timeout: 20_000 });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  tool = await copyGuestTool(directory);
  const reserved = createServer();
  await new Promise<void>((resolve) => reserved.listen(0, '127.0.0.1', resolve));
  const address = reserved.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => reserved.close(resolve));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => {
  // Stops the last relay, whose lock it wants, then fails: there is no port 0.
  start('0=none');
  rmSync(directory, { recursive: true, force: true });
});

async function serve(name: string, handle: (socket: Socket) => void): Promise<string> {
  const path = join(directory, name);
  const server = createServer({ allowHalfOpen: true }, handle);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  servers.push(server);
  return path;
}

/** Sends `sent`, ends its side, and returns what it receives. */
function exchange(sent: Buffer | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.end(sent);
  });
}

/** Responds only after the client has ended its side. */
function answerAtEnd(socket: Socket): void {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('end', () => socket.end(Buffer.concat(chunks)));
}

describe('the guest’s relay', () => {
  it('all bytes pass both ways, even on half-closed connections', async () => {
    expect(start(`${port}=${await serve('a.sock', answerAtEnd)}`)).toMatchObject({ status: 0, stderr: '' });
    const sent = Buffer.alloc(8 * 1024 ** 2, 'some bytes ');
    expect((await exchange(sent)).equals(sent)).toBe(true);
  });

  it('two hundred connections at once each get their own answer', async () => {
    start(`${port}=${await serve('b.sock', answerAtEnd)}`);
    const texts = Array.from({ length: 200 }, (_, index) => `${index} `.repeat(1_000));
    const answers = await Promise.all(texts.map(exchange));
    expect(answers.map(String)).toEqual(texts);
  });

  it('a flood is refused beyond the limit, and those let in go on', async () => {
    start(`${port}=${await serve('flood.sock', (socket) => void socket.on('error', () => {}).pipe(socket))}`);
    let refused = 0;
    const sockets: Socket[] = [];
    // One after another: the queue of the port holds few that wait.
    while (sockets.length < 1_200) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('close', () => (refused += 1)).on('error', () => {});
      await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
      sockets.push(socket);
    }
    await vi.waitFor(() => expect(refused).toBeGreaterThanOrEqual(176), { timeout: 10_000 });
    const alive = sockets.filter((socket) => !socket.destroyed);
    expect(alive.length).toBeGreaterThan(900);
    const back = new Promise<string>((resolve) => alive[0]?.once('data', (bytes) => resolve(String(bytes))));
    alive[0]?.write('still here');
    expect(await back).toBe('still here');
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect(String(await exchange('in again'))).toBe('in again'));
  });

  it('a new relay replaces the old one, which the caller need not know', async () => {
    start(`${port}=${await serve('old.sock', (socket) => socket.end('old'))}`);
    expect(String(await exchange(''))).toBe('old');
    start(`${port}=${await serve('new.sock', (socket) => socket.end('new'))}`);
    expect(String(await exchange(''))).toBe('new');
  });

  it('a connection ends at once when nobody serves the socket, and works when somebody does', async () => {
    start(`${port}=${join(directory, 'late.sock')}`);
    expect(String(await exchange('').catch(() => ''))).toBe('');
    await serve('late.sock', (socket) => socket.end('here now'));
    expect(String(await exchange(''))).toBe('here now');
  });

  it('a connection that one side aborts is closed on the other side', async () => {
    let closed: (() => void) | undefined;
    const closing = new Promise<void>((resolve) => {
      closed = resolve;
    });
    start(
      `${port}=${await serve('c.sock', (socket) => {
        // Whether anybody still reads shows only in writing.
        const writing = setInterval(() => socket.write('hello'), 20);
        socket.on('error', () => clearInterval(writing)).on('close', () => closed?.());
      })}`,
    );
    const client = connect({ host: '127.0.0.1', port });
    await new Promise((resolve) => client.once('data', resolve));
    client.resetAndDestroy();
    await closing;
  });

  it('a slow reader slows its sender, and the relay’s memory stays small', async () => {
    let received = 0;
    start(
      `${port}=${await serve('d.sock', (socket) => {
        socket.on('data', (chunk) => {
          received += chunk.length;
        });
        socket.on('end', () => socket.end('done'));
        socket.pause();
        setTimeout(() => socket.resume(), 500);
      })}`,
    );
    const sent = Buffer.alloc(64 * 1024 ** 2);
    expect(String(await exchange(sent))).toBe('done');
    expect(received).toBe(sent.length);
    const pid = execFileSync('pgrep', ['-f', `relay ${join(directory, 'lock')}`], {
      encoding: 'utf8',
    }).trim();
    const status = execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' });
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(20 * 1024);
  });

  it('a port that is taken, or bad arguments, fail with a reason', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const other = typeof address === 'object' && address !== null ? address.port : 0;
    expect(start(`${other}=/none`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Address in use'),
    });
    taken.close();
    expect(start('x=/none').status).toBe(1);
    expect(start().status).toBe(2);
  });
});
