import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { environmentScript } from '../../../lib/guest/session.ts';
import { writeAgentFileScript, writeFileScript } from '../../../lib/guest/shell-script.ts';
import { GUEST_TOOL } from '../../../lib/guest/tool.ts';
import { copyGuestTool } from '../../support/guest-tool.ts';

let directory: string;
let tool: string;
let image: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  tool = await copyGuestTool(directory);
  image = (await ensureBaseImage('node', { say: () => {} })).reference;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function containerArguments(): string[] {
  const mount = `type=bind,source=${tool},target=${GUEST_TOOL},readonly`;
  const run = ['run', '--rm', '-i', '--network', 'none', '--mount', mount, '--entrypoint', '/bin/sh'];
  return [...run, image, '-s'];
}

/** Runs a script as root in a container that has the guest tool, and a user `node` with uid 1000. */
function inContainer(script: string) {
  const { stdout, stderr, status } = spawnSync('docker', containerArguments(), {
    input: script,
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
}

describe('guest-tool run-as', () => {
  const session = `${GUEST_TOOL} run-as -e /dev/shm/bot-bottle/env`;

  it('the agent gets exactly its own environment, with special characters preserved', () => {
    const values = {
      A: "it's",
      B: 'two\nlines\n',
      C: '$HOME `id` $(id) \\',
      D: '',
      E: 'ünï',
      PATH: '/usr/local/bin',
    };
    const show = `node -p 'JSON.stringify(process.env)'`;
    const { stdout, stderr } = inContainer(
      `export LEAK=1\n${environmentScript(values)}\n${session} node ${show}`,
    );
    expect(JSON.parse(stdout || stderr)).toEqual(values);
  });

  it('the agent has its user’s groups and no privileges, and cannot read the environment file', () => {
    const { stdout, stderr } = inContainer(`
      groupadd --gid 77 more && usermod --append --groups more node
      ${environmentScript({ PATH: '/usr/bin' })}
      ${session} -d /home/node node sh -c 'id; pwd; grep CapEff /proc/self/status; cat /dev/shm/bot-bottle/env; ls /proc/self/fd'`);
    expect(stdout).toMatch(
      /^uid=1000\(node\) gid=1000\(node\) groups=1000\(node\),77\(more\)\n\/home\/node\nCapEff:\s0{16}\n0\n1\n2\n3\n$/,
    );
    expect(stderr).toContain('/dev/shm/bot-bottle/env: Permission denied');
  });

  it.each([
    ['node', '1000 1000 1000'],
    ['1000', '1000 1000 1000'],
    ['node:daemon', '1000 1 1'],
    ['1234:56', '1234 56 56'],
    ['1234', '1234 0 0'],
  ])('the user %s is understood as in an image’s USER', (user, ids) => {
    const script = `${environmentScript({ PATH: '/usr/bin' })}\n${session} ${user} sh -c 'echo $(id -u) $(id -g) $(id -G)'`;
    expect(inContainer(script).stdout.trim()).toBe(ids);
  });

  it.each([
    ['nobody-knows true', 126, 'the guest has no user nobody-knows'],
    ['node:nothing true', 126, 'the guest has no group nothing'],
    ['node nosuch', 127, 'nosuch: No such file'],
    ['node /etc/passwd', 126, '/etc/passwd: Permission denied'],
    ['-d /root node true', 126, '/root: Permission denied'],
    ['node', 2, 'usage'],
  ])('`run-as … %s` fails with exit code %i and a reason', (words, code, reason) => {
    const { status, stderr } = inContainer(`${environmentScript({ PATH: '/usr/bin' })}\n${session} ${words}`);
    expect({ status, stderr }).toEqual({ status: code, stderr: expect.stringContaining(reason) });
  });

  it.each([
    ['belongs to the agent', 'touch env; chmod 600 env; chown node env'],
    ['others can read', 'touch env; chmod 604 env'],
    ['is a link', 'touch real; chmod 600 real; ln -s real env'],
    ['is a pipe', 'mkfifo -m 600 env'],
  ])('an environment file that %s is refused', (_what, make) => {
    const { status, stdout } = inContainer(`cd /tmp; ${make}; ${GUEST_TOOL} run-as -e /tmp/env node id`);
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
  });
});

/** Runs a session of the user `node` in a container, and types what `frames` prints. */
async function sessionOf(command: string, { terminal = '', frames = 'sleep 1', before = '' } = {}) {
  const quoted = `'${command.replaceAll("'", `'\\''`)}'`;
  const session = `${GUEST_TOOL} session -e /dev/shm/bot-bottle/env ${terminal} node sh -c ${quoted}`;
  const environment = environmentScript({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/node' });
  const input = `${environment}\n${before}\n( ${frames}; true ) | ( ${session}; echo "exit $?" )`;
  return execa('docker', containerArguments(), { input, stripFinalNewline: false });
}

describe.concurrent('guest-tool session', () => {
  const terminal = '-t xterm -s 100x30 -c truecolor';
  const frame = (type: string, payload: string, size: number) =>
    `printf '${type}\\000\\000\\000\\${size.toString(8).padStart(3, '0')}${payload}'`;

  it('the agent has a terminal of its own, with the size, type and colors of the operator’s', async () => {
    const { stdout } = await sessionOf('stty size; echo $TERM $COLORTERM; stat -c %U $(tty)', { terminal });
    expect(stdout).toBe('30 100\r\nxterm truecolor\r\nnode\r\nexit 0\n');
  });

  it.each([
    ['xterm-ghostty', ':', 'xterm-256color'],
    ['../../etc/passwd', ':', 'xterm-256color'],
    ['dumb', ':', 'dumb'],
    ['xterm-own', 'mkdir -p /home/node/.terminfo/x; touch /home/node/.terminfo/x/xterm-own', 'xterm-own'],
    ['xterm-hex', 'mkdir -p /etc/terminfo/78; touch /etc/terminfo/78/xterm-hex', 'xterm-hex'],
  ])('a terminal of type %s appears by a name that the guest knows', async (type, before, known) => {
    expect((await sessionOf('echo $TERM', { terminal: `-t ${type}`, before })).stdout).toBe(
      `${known}\r\nexit 0\n`,
    );
  });

  it('a resize reaches the agent', async () => {
    const frames = `sleep 1; ${frame('r', '\\000\\106\\000\\024', 4)}; sleep 1`;
    const command = 'trap "stty size; exit 3" WINCH; while :; do sleep 0.1; done';
    expect((await sessionOf(command, { terminal, frames })).stdout).toBe('20 70\r\nexit 3\n');
  });

  it('Ctrl-C, typed, interrupts what runs in front', async () => {
    const frames = `sleep 1; ${frame('d', '\\003', 1)}; sleep 1`;
    expect((await sessionOf('sleep 30', { terminal, frames })).stdout).toBe('^Cexit 130\n');
  });

  it.each([
    ['on a terminal', terminal],
    ['on pipes', ''],
  ])('%s, a signal reaches the agent, and its exit code tells', async (_where, on) => {
    const frames = `sleep 1; ${frame('s', '\\017', 1)}; sleep 1`;
    expect((await sessionOf('sleep 30', { terminal: on, frames })).stdout).toBe('exit 143\n');
  });

  it.each([
    ['on a terminal', terminal],
    ['on pipes', ''],
  ])('%s, a background child that holds the output does not hold the session', async (_where, on) => {
    const { stdout } = await sessionOf('sleep 100 & echo hi; exit 4', { terminal: on });
    expect(stdout).toMatch(/^hi\r?\nexit 4\n$/);
  });

  it('when the host is gone, the session is hung up, and killed after a while', async () => {
    expect((await sessionOf('sleep 30', { terminal, frames: ':' })).stdout).toBe('exit 129\n');
    expect((await sessionOf('trap "" HUP; sleep 30', { frames: 'sleep 1' })).stdout).toBe('exit 137\n');
  });

  it('without a terminal, input of any length arrives and ends, and errors are apart', async () => {
    const frames = `node -e '
      const data = Buffer.alloc(3000000, "x");
      const head = Buffer.from("d0000"); head.writeUInt32BE(data.length, 1);
      process.stdout.write(Buffer.concat([head, data, Buffer.from("e\\0\\0\\0\\0")]))'; sleep 1`;
    const { stdout, stderr } = await sessionOf('sleep 1; wc -c; echo error >&2', { frames });
    expect([stdout, stderr]).toEqual(['3000000\nexit 0\n', 'error\n']);
  });

  it('the session’s program passes nothing of its own to the agent', async () => {
    const { stdout } = await sessionOf('ls /proc/self/fd; grep SigBlk /proc/self/status; env | sort', {});
    expect(stdout).toBe(
      '0\n1\n2\n3\nSigBlk:\t0000000000000000\nHOME=/home/node\nPATH=/usr/local/bin:/usr/bin:/bin\nPWD=/\nexit 0\n',
    );
  });
});

describe('guest-tool as-root', () => {
  it('what runs as root has nothing of the machine’s environment', () => {
    const { stdout } = inContainer(
      `cd /tmp; export PATH=/home/node/bin:$PATH ENV=/x LD_PRELOAD=/y BASH_ENV=/z; exec ${GUEST_TOOL} as-root sh -c 'env; pwd'`,
    );
    expect(stdout.split('\n').toSorted()).toEqual([
      '',
      '/',
      'HOME=/root',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'PWD=/',
    ]);
  });
});

describe('guest-tool write', () => {
  const here = (script: string) => script.replaceAll(GUEST_TOOL, tool);

  it('a file gets exactly its content and mode, whatever the length', () => {
    const path = join(directory, 'deep', "na'me");
    for (let length = 0; length < 10; length += 1) {
      const content = Buffer.from([0, 255, 10, 13, 39, 128, 1, 2, 3].slice(0, length));
      execFileSync('sh', ['-s'], { input: here(`set -e\n${writeFileScript(path, content, '0640')}`) });
      const shown = execFileSync('sh', ['-c', 'stat -c %a "$1"; cat "$1"; ls "$(dirname "$1")"', 'sh', path]);
      expect(shown).toEqual(Buffer.concat([Buffer.from('640\n'), content, Buffer.from("na'me\n")]));
    }
    const content = Buffer.alloc(1_000_003, 'some bytes');
    execFileSync('sh', ['-s'], { input: here(writeFileScript(path, content, '0600')) });
    expect(execFileSync('cat', [path], { maxBuffer: 2_000_000 })).toEqual(content);
  });

  it('a file for the agent, and the directories made for it, belong to the agent', () => {
    const { stdout } = inContainer(`
      ${writeAgentFileScript({ user: 'node' }, '/home/node/.config/deep/settings', 'text', '0600')}
      cd /home/node/.config; stat -c '%U %G %a' . deep deep/settings; cat deep/settings`);
    expect(stdout).toBe('node node 755\nnode node 755\nnode node 600\ntext');
  });

  it.each([
    ['a directory', 'ln -s /etc .claude', '/etc/settings'],
    ['the file', 'mkdir .claude; ln -s /etc/passwd .claude/settings', '/etc/passwd'],
    ['a temporary file', 'ln -s /etc/passwd settings.bot-bottle.tmp; ln -s /etc .claude', '/etc/passwd'],
  ])('a link planted in place of %s leads root nowhere', (_what, plant, target) => {
    const { stdout } = inContainer(`
      cd /home/node; ${plant}; before=$(cksum ${target} 2>&1)
      ${writeAgentFileScript({ user: 'node' }, '/home/node/.claude/settings', 'text', '0600')}
      [ "$before" = "$(cksum ${target} 2>&1)" ] && echo unchanged`);
    expect(stdout).toBe('unchanged\n');
  });

  it.each([
    ['!', 'the input is not base64'],
    ['A', 'the input is not base64'],
  ])('the input %s is refused, and no file appears', (input, reason) => {
    const path = join(directory, 'refused');
    const { status, stderr } = spawnSync(tool, ['write', '600', path], { input, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(reason) });
    expect(spawnSync('ls', [path]).status).not.toBe(0);
  });
});

describe('guest-tool probe and dial-proxy', () => {
  it('every attempt has its own outcome', async () => {
    const server = createServer((socket: Socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' && address !== null ? address.port : 0);
    const words = ['tcp', '127.0.0.1', port, 'tcp', '127.0.0.1', '1', 'dns', '127.0.0.1', '1'];
    const more = ['resolver', '/nowhere', '53', 'tcp', 'example.com', '1'];
    const { stdout } = spawnSync(tool, ['probe', ...words, ...more], { encoding: 'utf8' });
    server.close();
    expect(stdout.split('\n').toSorted()).toEqual([
      '',
      '0 connected',
      '1 failed: Connection refused',
      '2 failed: Connection refused',
      '3 failed: No such file or directory',
      '4 failed: Invalid argument',
    ]);
  });

  it('an attempt that is never answered times out', () => {
    // In a container without a network, packets to its own loopback are the only ones that are accepted.
    const { stdout } = inContainer(`
      node -e 'require("dgram").createSocket("udp4").bind(5353, "127.0.0.1")' & sleep 1
      ${GUEST_TOOL} probe dns 127.0.0.1 5353; kill $!`);
    expect(stdout).toBe('0 timeout\n');
  });

  it.each([
    [undefined, 'HTTPS_PROXY does not name a proxy'],
    ['http://127.0.0.1:1', 'Connection refused'],
  ])('without a proxy that listens (%s), dial-proxy fails with a reason', (url, reason) => {
    const env = url === undefined ? {} : { HTTPS_PROXY: url };
    const { status, stderr } = spawnSync(tool, ['dial-proxy'], { env, encoding: 'utf8', input: '' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(reason) });
  });
});
