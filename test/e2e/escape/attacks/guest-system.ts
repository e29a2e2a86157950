import { appendFile, link, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { GuestAttack } from '../attack.ts';
import { codeOf, dial, each } from '../guest/dial.ts';
import { python } from '../guest/programs.ts';

const DENIED = /EACCES|EPERM|EROFS/;
const told = (attempt: Promise<unknown>): Promise<string> => attempt.then(() => 'done', codeOf);

/** What is root's in the guest, tried by the agent. */
const rootOnly = (name: string, run: () => Promise<unknown>, meets = DENIED): GuestAttack => ({
  ...{ name, as: 'agent', meets, run: () => told(run()) },
});

/** Tries to listen. @returns `listening`, or the error's code. */
const listening = (options: { path: string } | { host: string; port: number }): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error)));
    server.listen(options, () => server.close(() => resolve('listening')));
  });

const TOOL = '/usr/libexec/bot-bottle/guest-tool';
const SOCKETS = '/run/bot-bottle';

async function pidOf(words: RegExp): Promise<number> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (words.test(line)) return Number(pid);
  }
  throw new Error(`no process ${words}`);
}

/** Attacks on what the kit keeps in the guest, and by what is mounted into it. */
export const GUEST_SYSTEM: readonly GuestAttack[] = [
  rootOnly('read the environment of the machine’s first process', () => readFile('/proc/1/environ')),
  rootOnly('read the file with the environments of sessions', () => readFile('/dev/shm/bot-bottle/env')),
  rootOnly('preload a library into all programs', () => writeFile('/etc/ld.so.preload', '/tmp/evil.so\n')),
  rootOnly('plant a start-up file of all shells', () => writeFile('/etc/profile.d/evil.sh', 'id\n')),
  rootOnly('plant a program where root looks first', () => writeFile('/usr/local/sbin/sh', '#!/bin/sh\n')),
  rootOnly('replace the guest tool', () => rename('/bin/true', TOOL)),
  rootOnly('write into the guest tool', () => appendFile(TOOL, 'x'), /EACCES|EPERM|EROFS|ETXTBSY/),
  rootOnly('link a file of root’s, to have it given away', () =>
    link('/etc/shadow', '/home/node/.bot-bottle-prompt.txt.x'),
  ),
  rootOnly('add an own CA to the system', () => appendFile('/etc/ssl/certs/ca-certificates.crt', 'x')),
  rootOnly('give a name another address', () => appendFile('/etc/hosts', '127.0.0.1 allowed.example\n')),
  rootOnly('stop the machine’s first process', async () => process.kill(1, 'SIGKILL')),
  {
    name: 'mount a file system in the own mount namespace, as if root',
    as: 'agent',
    // Where users may have namespaces, nothing of the host is in them either.
    meets: /(?:EPERM|EACCES|EINVAL|ENOSPC|mounted), then ENOENT/,
    run: async ({ canary }) => {
      const met = await python(
        `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10020000) != 0: raise OSError(ctypes.get_errno(), '')
if libc.mount(b'none', b'/mnt', b'tmpfs', 0, None) != 0: raise OSError(ctypes.get_errno(), '')
return 'mounted'`,
      );
      return `${met}, then ${await readFile(canary, 'utf8').catch(codeOf)}`;
    },
  },
  {
    name: 'find sockets of others among those that are mounted',
    as: 'agent',
    tiers: ['socket'],
    meets: /egress\.sock git-http\.sock supervise\.sock/,
    run: async () => (await readdir(SOCKETS)).sort().join(' '),
  },
  {
    name: 'connect to another bottle’s socket by its path on the host',
    as: 'agent',
    meets: /ENOENT/,
    run: ({ neighbor }) => dial({ path: neighbor.socket }),
  },
  {
    name: 'connect to sockets inside of the bundle by their paths',
    as: 'agent',
    meets: /ENOENT/,
    run: () =>
      each(
        ['control.sock', 'git-gate.sock', 'supervise/held.sock'].map((name) =>
          dial({ path: `${SOCKETS}/${name}` }),
        ),
      ),
  },
  {
    name: 'replace a mounted socket',
    as: 'agent',
    tiers: ['socket'],
    meets: /EACCES|EPERM|EBUSY|EROFS/,
    run: () => told(rename(`${SOCKETS}/egress.sock`, `${SOCKETS}/other.sock`)),
  },
  {
    name: 'plant a socket beside the mounted ones',
    as: 'agent',
    meets: /EACCES|EPERM|EROFS|ENOENT/,
    run: () => listening({ path: `${SOCKETS}/planted.sock` }),
  },
  {
    name: 'take the port of the relay',
    as: 'agent',
    tiers: ['socket'],
    meets: /EADDRINUSE/,
    run: () =>
      each([
        listening({ host: '127.0.0.1', port: Number(new URL(process.env.HTTPS_PROXY ?? 'http://x:1').port) }),
        python(
          `
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(('127.0.0.1', int(words[0]))); s.listen()
return 'listening'`,
          new URL(process.env.HTTPS_PROXY ?? 'http://x:1').port,
        ),
      ]),
  },
  {
    name: 'stop the relay',
    as: 'agent',
    tiers: ['socket'],
    meets: /EPERM/,
    run: () => told(pidOf(/guest-tool\0relay/).then((pid) => process.kill(pid, 'SIGKILL'))),
  },
  {
    name: 'hold the lock of the relay',
    as: 'agent',
    tiers: ['socket'],
    meets: /EACCES/,
    run: () => told(readdir('/run/bot-bottle-relay')),
  },
  {
    name: 'pass a descriptor through a mounted socket',
    as: 'agent',
    tiers: ['socket'],
    // The request arrives like any other; the descriptor has nowhere to go.
    meets: /HTTP\/1\.1 200 OK/,
    run: () =>
      python(`
s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect('/run/bot-bottle/egress.sock')
text = b'GET http://_egress.local/allowlist HTTP/1.1\\r\\nHost: _egress.local\\r\\nConnection: close\\r\\n\\r\\n'
socket.send_fds(s, [text], [os.open('/etc/passwd', os.O_RDONLY)])
data, fds, flags, address = socket.recv_fds(s, 4096, 8)
return data.split(b'\\r\\n')[0].decode() if not fds else f'got {len(fds)} descriptors'`),
  },
];
