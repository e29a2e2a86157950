import type { GuestAttack } from '../attack.ts';
import {
  ALLOWED,
  askPlain,
  get,
  inside,
  request,
  secured,
  statuses,
  toProxy,
  tunnel,
} from '../guest/proxy.ts';

const proxied = (name: string, meets: RegExp, run: GuestAttack['run']): GuestAttack => ({
  ...{ name, as: 'agent', meets, run },
});

/** By a tunnel, and by a plain request in absolute form. */
const byBothWays = async (host: string): Promise<string> => {
  const opened = await tunnel(`${host}:443`);
  if (typeof opened !== 'string') opened.destroy();
  const plain = await statusOfPlain(host);
  const told = typeof opened === 'string' ? opened : await get('/', host);
  return told === plain ? plain : `${told}; plain: ${plain}`;
};

const statusOfPlain = async (host: string): Promise<string> =>
  statuses(await toProxy(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));

const toAddress = (what: string, host: string, meets = /400 host-invalid/): GuestAttack =>
  proxied(`ask the proxy for ${what}`, meets, () => byBothWays(host));

/** A name with a route, whose address is the attack. */
const toName = (what: string, host: string): GuestAttack =>
  proxied(`ask for an allowed name that resolves to ${what}`, /502 address-refused/, () => get('/', host));

const UNLISTED = /403 host-unlisted/;

/** What the proxy is asked to reach. */
export const ADDRESSES: readonly GuestAttack[] = [
  toAddress('the metadata service', '169.254.169.254'),
  toAddress('the metadata service as a decimal number', '2852039166'),
  toAddress('the metadata service in octal', '0251.0376.0251.0376'),
  toAddress('the metadata service in hexadecimal', '0xa9fea9fe'),
  toAddress('the metadata service in three parts', '169.254.43518'),
  toAddress('the metadata service in mapped IPv6', '[::ffff:169.254.169.254]'),
  toAddress('the metadata service in mapped hexadecimal IPv6', '[::ffff:a9fe:a9fe]'),
  toAddress('the metadata service in NAT64', '[64:ff9b::a9fe:a9fe]'),
  toAddress('the metadata service by IPv6', '[fd00:ec2::254]'),
  toAddress('a link-local address with its zone', '[fe80::1%25eth0]'),
  toAddress('Alibaba’s metadata service', '100.100.100.200'),
  toAddress('Google’s metadata service by its name', 'metadata.google.internal', UNLISTED),
  toAddress('the metadata service by a name that spells its address', '169.254.169.254.nip.io', UNLISTED),
  toAddress('the bundle’s 127.0.0.1', '127.0.0.1'),
  toAddress('the bundle’s 127.0.0.1 in short', '127.1'),
  toAddress('the bundle’s 127.0.0.1 as 0', '0'),
  toAddress('0.0.0.0', '0.0.0.0'),
  toAddress('the bundle’s ::1', '[::1]'),
  toAddress('the unspecified IPv6 address', '[::]'),
  toAddress('localhost', 'localhost', UNLISTED),
  toAddress('localhost with a final dot', 'localhost.', UNLISTED),
  toAddress('the host by Docker’s name', 'host.docker.internal', UNLISTED),
  proxied('ask the proxy for the own bundle’s address', /400 host-invalid/, ({ bundle }) =>
    byBothWays(bundle),
  ),
  proxied('ask the proxy for another bottle’s bundle by its name', UNLISTED, ({ neighbor }) =>
    byBothWays(`bot-bottle-sidecars-${neighbor.slug}`),
  ),
  proxied('ask the proxy for the address of an allowed host', /400 host-invalid/, ({ upstream }) =>
    byBothWays(upstream),
  ),
  proxied('ask the proxy for the public resolver of DNS over HTTPS', UNLISTED, () =>
    byBothWays('dns.google'),
  ),
  proxied('ask the proxy for a host that resolves, but has no route', UNLISTED, () =>
    byBothWays('other.example'),
  ),
  proxied('ask for the selftest of the bundle by its port', /403 port-refused/, async () => {
    const stream = await secured({ authority: 'selftest.bot-bottle.internal:9443' });
    if (typeof stream === 'string') return stream;
    stream.destroy();
    return inside(request('/', '', 'GET', 'selftest.bot-bottle.internal:9443'), {
      authority: 'selftest.bot-bottle.internal:9443',
    });
  }),
  toName('the metadata service', 'metadata.example'),
  toName('the metadata service in mapped IPv6', 'mapped.example'),
  toName('the metadata service by IPv6', 'metadata6.example'),
  toName('Alibaba’s metadata service', 'alibaba.example'),
  toName('the metadata service in NAT64', 'nat64.example'),
  toName('the metadata service in 6to4', 'six-to-four.example'),
  toName('0.0.0.0', 'zero.example'),
  toName('a multicast address', 'multicast.example'),
  toName('loopback', 'loopback.example'),
  toName('IPv6 loopback', 'loopback6.example'),
  toName('the gateway of Docker’s bridge', 'docker.example'),
  toName('the local network', 'lan.example'),
  toName('shared address space', 'shared.example'),
  proxied('open a tunnel to the SSH port of an allowed host', /403 port-refused/, () =>
    tunnel(`${ALLOWED}:22`).then((met) => (typeof met === 'string' ? met : 'opened')),
  ),
  proxied('open a tunnel to the mail port of an allowed host', /403 port-refused/, () =>
    tunnel(`${ALLOWED}:25`).then((met) => (typeof met === 'string' ? met : 'opened')),
  ),
  proxied('open a tunnel to another port of an allowed host', /403 port-refused/, () =>
    inside(request('/', '', 'GET', `${ALLOWED}:8443`), { authority: `${ALLOWED}:8443` }),
  ),
  proxied('open a tunnel to a port beyond all ports', /400 host-invalid/, () =>
    tunnel(`${ALLOWED}:65979`).then((met) => (typeof met === 'string' ? met : 'opened')),
  ),
  proxied('send a request with a token in plain HTTP', /403 plaintext-refused/, () =>
    askPlain(`http://${ALLOWED}/`),
  ),
  proxied('ask for an https URL without a tunnel', /400 target-invalid/, () =>
    askPlain(`https://${ALLOWED}/`),
  ),
  proxied('ask for a file URL', /400 target-invalid/, async () =>
    statuses(await toProxy('GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')),
  ),
  proxied('hide the host behind user information', /400 host-invalid/, () =>
    statusOfTarget(`http://plain.example@other.example/`, 'other.example'),
  ),
  proxied('hide the host behind user information in a tunnel', /400 host-invalid/, () =>
    tunnel('allowed.example@other.example:443').then((met) => (typeof met === 'string' ? met : 'opened')),
  ),
  proxied('end the name of an allowed host early, by an encoded NUL', /400 host-invalid/, () =>
    tunnel('allowed.example%00.other.example:443').then((met) => (typeof met === 'string' ? met : 'opened')),
  ),
  proxied('separate labels by an ideographic full stop', /400/, () =>
    tunnel(Buffer.from('other。example:443').toString('latin1')).then((met) =>
      typeof met === 'string' ? met : 'opened',
    ),
  ),
  proxied('name a host that only looks like the allowed one', UNLISTED, () =>
    byBothWays('xn--llowed-0nf.example'),
  ),
  proxied('name the parent of a wildcard', UNLISTED, () => byBothWays('wild.example')),
  proxied('name a host that ends like a wildcard', UNLISTED, () => byBothWays('evilwild.example')),
  proxied('name a host that begins like a wildcard', UNLISTED, () =>
    byBothWays('a.wild.example.other.example'),
  ),
];

const statusOfTarget = async (target: string, host: string): Promise<string> =>
  statuses(await toProxy(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
