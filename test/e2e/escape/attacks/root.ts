import { readdir, readFile } from 'node:fs/promises';
import type { GuestAttack, GuestScene } from '../attack.ts';
import { codeOf, dial, each, resolveName } from '../guest/dial.ts';
import { python } from '../guest/programs.ts';

/** Where a raw packet would have to arrive, as words for Python: pairs of address and port. */
const aims = ({ listeners }: GuestScene) =>
  Object.values(listeners).flatMap(({ host, port }) => (host.includes(':') ? [] : [host, port]));

/** Python that makes an IP packet with a UDP datagram, from `source` to `target`. */
const PACKET = `
def packet(source, target, port):
  udp = struct.pack('!HHHH', 5555, port, 14, 0) + b'forged'
  return struct.pack('!BBHHHBBH4s4s', 69, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target)) + udp
`;

const INTERFACE = `
def wire():
  for name in sorted(os.listdir('/sys/class/net')):
    if name != 'lo': return name
  return None
`;

/** Attacks as root in the guest, which must end in the same. */
export const AS_ROOT: readonly GuestAttack[] = [
  {
    name: 'root sends raw packets with forged sources to every listener of the host',
    as: 'root',
    aims: ['loopback', 'alias', 'lan', 'gateway'],
    // That they were sent is no escape: the listeners must not hear of them.
    meets: /EPERM|sent [0-9]+|none left: .*/,
    run: (scene) =>
      python(
        `${PACKET}
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
sent, failed = 0, set()
for source in ('127.0.0.1', '172.17.0.9', words[0]):
  for target, port in zip(words[1::2], words[2::2]):
    try:
      s.sendto(packet(source, target, int(port)), (target, 0)); sent += 1
    except OSError as error: failed.add(errno.errorcode[error.errno])
return f'sent {sent}' if sent else 'none left: ' + ', '.join(sorted(failed))`,
        scene.alias,
        ...aims(scene),
      ),
  },
  {
    name: 'root writes Ethernet frames for every listener of the host',
    as: 'root',
    aims: ['loopback', 'alias', 'lan', 'gateway'],
    meets: { alias: /EPERM|sent [0-9]+|no wire/, socket: /EPERM|no wire/ },
    run: (scene) =>
      python(
        `${PACKET}${INTERFACE}
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
name = wire()
if name is None: return 'no wire'
mac = bytes.fromhex(open(f'/sys/class/net/{name}/address').read().strip().replace(':', ''))
sent = 0
for source in ('127.0.0.1', words[0]):
  for target, port in zip(words[1::2], words[2::2]):
    for to in (mac, b'\\xff' * 6):
      s.sendto(to + mac + b'\\x08\\0' + packet(source, target, int(port)), (name, 0)); sent += 1
return f'sent {sent}'`,
        scene.alias,
        ...aims(scene),
      ),
  },
  {
    name: 'root asks by ARP who has the addresses of the host',
    as: 'root',
    meets: { alias: /EPERM|timeout|no wire/, socket: /EPERM|no wire/ },
    run: (scene) =>
      python(
        `${INTERFACE}
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806)); s.settimeout(2)
name = wire()
if name is None: return 'no wire'
mac = bytes.fromhex(open(f'/sys/class/net/{name}/address').read().strip().replace(':', ''))
for target in words[0::2]:
  arp = struct.pack('!HHBBH6s4s6s4s', 1, 0x800, 6, 4, 1, mac, socket.inet_aton('100.96.0.2'), b'\\0' * 6, socket.inet_aton(target))
  s.sendto(b'\\xff' * 6 + mac + b'\\x08\\x06' + arp, (name, 0))
while True:
  if s.recv(99)[20:22] == b'\\0\\x02': return 'answered'`,
        ...aims(scene),
      ),
  },
  {
    name: 'root adds a default route, then connects to the host',
    as: 'root',
    aims: ['lan'],
    meets: {
      alias: /(?:added|EPERM|ENODEV|ENETUNREACH), then (?:EACCES|timeout)/,
      socket: /(?:added|EPERM|ENODEV|ENETUNREACH), then ENETUNREACH/,
    },
    run: async ({ listeners: { lan } }) => {
      const met = await python(`
message = struct.pack('BBBBBBBBI', 2, 0, 0, 0, 254, 4, 253, 1, 0)
message += struct.pack('HHI', 8, 4, int(open(f'/sys/class/net/{sorted(os.listdir("/sys/class/net"))[0]}/ifindex').read()))
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0)); s.settimeout(3)
s.send(struct.pack('IHHII', 16 + len(message), 24, 0x605, 1, 0) + message)
code = struct.unpack('i', s.recv(999)[16:20])[0]
return errno.errorcode[-code] if code else 'added'`);
      return `${met}, then ${await dial(lan)}`;
    },
  },
  {
    name: 'root takes the address of another alias, then connects to that bottle',
    as: 'root',
    meets: {
      alias: /(?:added|EPERM), then (?:EACCES|ECONNREFUSED)/,
      socket: /(?:added|EPERM), then ECONNREFUSED/,
    },
    run: async ({ neighbor }) => {
      const met = await python(
        `
message = struct.pack('BBBBI', 2, 32, 0, 254, 1) + struct.pack('HH4s', 8, 2, socket.inet_aton(words[0]))
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0)); s.settimeout(3)
s.send(struct.pack('IHHII', 16 + len(message), 20, 0x605, 1, 0) + message)
code = struct.unpack('i', s.recv(999)[16:20])[0]
return errno.errorcode[-code] if code else 'added'`,
        neighbor.alias,
      );
      return `${met}, then ${await dial({ host: neighbor.alias, port: neighbor.published.egress ?? 0 })}`;
    },
  },
  {
    name: 'root names a public DNS server in resolv.conf',
    as: 'root',
    meets: /(?:written|EROFS|EACCES), then (?:EAI_AGAIN|ENOTFOUND)/,
    run: async () => {
      const met = await python(`
with open('/etc/resolv.conf', 'w') as file: file.write('nameserver 8.8.8.8\\noptions timeout:1 attempts:1\\n')
return 'written'`);
      return `${met}, then ${await resolveName('allowed.example')}`;
    },
  },
  {
    name: 'root lets loopback addresses be routed, then connects to the host’s 127.0.0.1',
    as: 'root',
    aims: ['loopback'],
    meets: /(?:EROFS|EACCES|written), then (?:EACCES|ECONNREFUSED)/,
    run: async ({ listeners: { loopback } }) => {
      const met = await each(
        ['all', 'default'].map((name) =>
          python(
            `
with open(f'/proc/sys/net/ipv4/conf/{words[0]}/route_localnet', 'w') as file: file.write('1')
return 'written'`,
            name,
          ),
        ),
      );
      return `${met}, then ${await dial(loopback)}`;
    },
  },
  {
    name: 'root reads a file of the host by its path',
    as: 'root',
    meets: /ENOENT/,
    run: ({ canary }) =>
      each(
        [canary, `/proc/1/root${canary}`, `/host${canary}`, `/mnt${canary}`].map((path) =>
          readFile(path, 'utf8').catch(codeOf),
        ),
      ),
  },
  {
    name: 'root looks for the files of its bundle: the CA’s key, routes, keys, the queue',
    as: 'root',
    meets: /ENOENT/,
    run: () =>
      each(
        [
          '/etc/bot-bottle/ca/ca.pem',
          '/etc/bot-bottle/egress/routes.yaml',
          '/etc/bot-bottle/git/keys',
          '/run/supervise/queue',
        ].map((path) => readFile(path, 'utf8').catch(codeOf)),
      ),
  },
  {
    name: 'root looks for Docker’s socket',
    as: 'root',
    meets: /ENOENT/,
    run: () =>
      each(
        ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'].map((path) =>
          dial({ path }),
        ),
      ),
  },
  {
    name: 'root connects to a socket of the host in the abstract namespace',
    as: 'root',
    meets: /ECONNREFUSED/,
    run: ({ abstract }) => dial({ path: `\0${abstract}` }),
  },
  {
    name: 'root searches the environments and command lines of all processes for the token',
    as: 'root',
    meets: /nothing in [1-9][0-9]* processes/,
    run: async ({ reversedToken }) => {
      const token = [...reversedToken].reverse().join('');
      const pids = (await readdir('/proc')).filter(
        (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
      );
      const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
      const texts = await Promise.all(
        pids.map(async (pid) => (await read(pid, 'environ')) + (await read(pid, 'cmdline'))),
      );
      const found = texts.filter((text) => text.includes(token)).length;
      return found > 0
        ? `found in ${found}`
        : `nothing in ${texts.filter((text) => text !== '').length} processes`;
    },
  },
  {
    name: 'root searches all files of the guest for the token and for private keys',
    as: 'root',
    // That the search finds what is there is shown by a file with both.
    meets: /\/tmp\/escape-control twice/,
    run: ({ reversedToken }) =>
      python(
        `
import re
token = words[0][::-1].encode()
key = re.compile(b'-----BEGIN [A-Z ]*PRIVATE KEY-----\\\\s+[A-Za-z0-9+/]{60}')
control = '/tmp/escape-control'
with open(control, 'wb') as file: file.write(token + b' -----BEGIN PRIVATE KEY-----\\n' + b'A' * 60)
found = []
for top, folders, files in os.walk('/'):
  folders[:] = [] if top in ('/proc', '/sys', '/usr', '/dev') else folders
  for name in files:
    path = os.path.join(top, name)
    if os.path.islink(path) or not os.path.isfile(path): continue
    try: text = open(path, 'rb').read(4 << 20)
    except OSError: continue
    found += [path for one in (token in text, key.search(text)) if one]
os.remove(control)
return control + ' twice' if found == [control, control] else ', '.join(found)`,
        reversedToken,
      ),
  },
];
