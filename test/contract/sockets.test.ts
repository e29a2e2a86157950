import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { before, skipping, withoutGuests } from '../support/contract/skipping.ts';
import { recordOf } from '../support/contract/state.ts';
import { dial, serveUnix } from '../support/contract/unix-net.ts';

const GUEST = '/run/kit/daemon.sock';
const answering = (path: string, text: string) => serveUnix(path, (socket) => socket.end(text));

const { skipped, titled } = skipping(before('1.8.0'), withoutGuests());

describe.skipIf(skipped)(titled('host socket mounted into a machine'), () => {
  let fixture: Fixture;
  let host: string;
  let sidecar: string;
  const talk = (mode: string, count = 0) => dial(fixture.home, 'm', GUEST, mode, count);

  beforeAll(async () => {
    fixture = await Fixture.start();
    host = join(fixture.home.path, 'daemon.sock');
    sidecar = await fixture.pack(fixture.publish('sockets:1'));
    await fixture.boot('m', sidecar, {}, '--mount-socket', `${host}:${GUEST}`);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('a mounted socket is recorded, needs no network, and is open to every user in the guest', async () => {
    expect(recordOf(fixture.home, 'm')).toMatchObject({ network: false, allowed_cidrs: null });
    expect(JSON.stringify(recordOf(fixture.home, 'm').published_sockets)).toContain(GUEST);
    expect((await fixture.home.exec('m', 'ls', '/sys/class/net')).stdout).toBe('lo\n');
    expect((await fixture.home.exec('m', 'stat', '-c', '%a', GUEST)).stdout).toBe('777\n');
  });

  it('a mounted socket closes connections until a service listens on the host', async () => {
    expect((await talk('read')).stdout).toMatch(/^(got: $|failed: )/);
    await using _ = await answering(host, 'hello');
    expect((await talk('read')).stdout).toBe('got: hello');
  });

  it('a mounted socket reaches the current service after the host socket is re-created', async () => {
    for (const text of ['first', 'second']) {
      await using _ = await answering(host, text);
      expect((await talk('read')).stdout).toBe(`got: ${text}`);
    }
  });

  it('a mounted socket carries the response after the guest closes its direction', async () => {
    await using _ = await serveUnix(host, (socket) => {
      let asked = '';
      socket.on('data', (part) => {
        asked += part.toString();
      });
      socket.on('end', () => setTimeout(() => socket.end(`answer to ${asked}`), 200));
    });
    expect((await talk('question')).stdout).toBe('got: answer to question');
  });

  it('a mounted socket carries guest data after the host closes its direction', async () => {
    let got = 0;
    await using _ = await serveUnix(host, (socket) => {
      socket.end();
      socket.on('data', (part) => {
        got += part.length;
      });
    });
    await talk('upload', 64);
    await sleep(300);
    expect(got).toBe(64 * 65_536);
  });

  it('a mounted socket blocks the sender while the reader is slow, and loses no byte', async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    let stopped = 0;
    await using _ = await serveUnix(host, (socket) => {
      const piece = Buffer.alloc(65_536, 'x');
      const push = () => {
        while (sent < total) {
          sent += piece.length;
          if (!socket.write(piece)) return void socket.once('drain', push);
        }
        socket.end();
      };
      push();
      setTimeout(() => {
        stopped = sent;
      }, 1_000);
    });
    expect((await talk('slow')).stdout).toBe(`got ${total} bytes`);
    expect(stopped).toBeLessThan(total / 4);
  });

  it('a mounted socket carries many connections at once', async () => {
    await using _ = await serveUnix(host, (socket) => socket.pipe(socket));
    const script = `for i in 1 2 3 4 5 6 7 8; do perl -e 'use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0);
      connect($s, sockaddr_un("${GUEST}")) or die; syswrite $s, $ARGV[0]; shutdown($s, 1); print <$s>, "\\n"' "n$i" & done; wait`;
    const { stdout } = await fixture.home.exec('m', 'sh', '-c', script);
    expect(stdout.trim().split('\n').sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `n${n}`));
  });

  it('a mounted socket works after a restart, and its relay ends with the machine', async () => {
    expect(await processesIn(fixture.home.path)).toHaveLength(1);
    await fixture.home.ok('machine', 'stop', '-n', 'm');
    expect(await processesIn(fixture.home.path)).toEqual([]);
    await fixture.home.ok('machine', 'start', '-n', 'm');
    await using _ = await answering(host, 'again');
    expect((await talk('read')).stdout).toBe('got: again');
    process.kill(Number(recordOf(fixture.home, 'm').pid), 'SIGKILL');
    await sleep(1_200);
    expect(await processesIn(fixture.home.path)).toEqual([]);
  });

  it('a failed start leaves no relay process', async () => {
    const broken = await fixture.pack(fixture.publish('nosuch:1', { entrypoint: ['/no/such'] }));
    const flags = ['--mount-socket', `${host}:${GUEST}`];
    await fixture.home.ok('machine', 'create', '--name', 'broken', '--from', broken, ...flags);
    expect((await fixture.home.run(['machine', 'start', '-n', 'broken'])).code).toBe(1);
    expect(await processesIn(fixture.home.path)).toEqual([]);
  });

  it.each([
    ['relative', '/h.sock:run/x'],
    ['without a guest path', '/h.sock'],
    ['with a semicolon', '/h.sock:/run/a;b'],
    ['with a bar', '/h.sock:/run/a|b'],
  ])('create refuses a --mount-socket mapping (%s)', async (_, mapping) => {
    const create = ['machine', 'create', '--name', 'odd', '--mount-socket', mapping];
    const { code } = await fixture.home.run(create);
    expect(code).not.toBe(0);
    expect(existsSync(join(fixture.home.path, 'odd'))).toBe(false);
    expect(() => recordOf(fixture.home, 'odd')).toThrow();
  });

  /** Processes on the host whose working directory is below `folder`. */
  async function processesIn(folder: string): Promise<string[]> {
    const script = 'for p in /proc/[0-9]*; do echo "$p $(readlink $p/cwd)"; done';
    const { stdout } = await execa('/bin/sh', ['-c', script]);
    return stdout
      .split('\n')
      .filter((line) => line.includes(` ${folder}/`))
      .filter((line) => !readFileSync(`${line.split(' ')[0]}/stat`, 'utf8').includes(') Z '));
  }
});
