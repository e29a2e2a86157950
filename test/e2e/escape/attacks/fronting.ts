import type { GuestAttack } from '../attack.ts';
import { ALLOWED, inside, overHttp2, request, statuses, toProxy } from '../guest/proxy.ts';

const proxied = (name: string, meets: RegExp, run: GuestAttack['run']): GuestAttack => ({
  ...{ name, as: 'agent', meets, run },
});

const MISMATCH = /421 host-mismatch/;

/** One host is asked for outside, another one inside. */
export const FRONTING: readonly GuestAttack[] = [
  proxied('fronting: another server name in TLS than in the CONNECT', MISMATCH, (_, slug) =>
    inside(request(`/escaped/${slug}`), { servername: 'other.example' }),
  ),
  proxied('fronting: another Host than in the CONNECT', MISMATCH, (_, slug) =>
    inside(request(`/escaped/${slug}`, '', 'GET', 'other.example')),
  ),
  proxied('fronting: no server name, and another Host', MISMATCH, (_, slug) =>
    inside(request(`/escaped/${slug}`, '', 'GET', 'other.example'), { servername: '' }),
  ),
  proxied('fronting: another host in absolute form inside of a tunnel', MISMATCH, (_, slug) =>
    inside(request(`https://other.example/escaped/${slug}`)),
  ),
  proxied('fronting: another Host than in a plain URL', MISMATCH, async (_, slug) =>
    statuses(await toProxy(request(`http://plain.example/escaped/${slug}`, '', 'GET', 'other.example'))),
  ),
  proxied('fronting: a denied URL with an allowed Host', MISMATCH, async (_, slug) =>
    statuses(await toProxy(request(`http://other.example/escaped/${slug}`, '', 'GET', 'plain.example'))),
  ),
  proxied('fronting: another port in Host', MISMATCH, (_, slug) =>
    inside(request(`/escaped/${slug}`, '', 'GET', `${ALLOWED}:8443`)),
  ),
  proxied('fronting: two Host headers', /400 host-header-invalid/, (_, slug) =>
    inside(request(`/escaped/${slug}`, 'Host: other.example\r\n')),
  ),
  proxied('fronting: no Host at all', /400 host-header-invalid/, (_, slug) =>
    inside(`GET /escaped/${slug} HTTP/1.1\r\nConnection: close\r\n\r\n`),
  ),
  proxied('fronting: a Host in the headers that Connection names', MISMATCH, (_, slug) =>
    inside(`GET /escaped/${slug} HTTP/1.1\r\nHost: other.example\r\nConnection: close, host\r\n\r\n`),
  ),
  proxied('fronting: another :authority over HTTP/2', MISMATCH, (_, slug) =>
    overHttp2({ ':authority': 'other.example', ':path': `/escaped/${slug}` }),
  ),
  proxied('fronting: another host beside :authority over HTTP/2', MISMATCH, (_, slug) =>
    overHttp2({ ':authority': ALLOWED, host: 'other.example', ':path': `/escaped/${slug}` }),
  ),
  proxied('fronting: another scheme over HTTP/2', MISMATCH, (_, slug) =>
    overHttp2({ ':authority': ALLOWED, ':scheme': 'http', ':path': `/escaped/${slug}` }),
  ),
  proxied(
    'fronting: another host after an allowed request on one connection',
    /200, 421 host-mismatch/,
    (_, slug) =>
      inside(
        `GET / HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n${request(`/escaped/${slug}`, '', 'GET', 'other.example')}`,
      ),
  ),
  proxied(
    'fronting: another host by a plain request on the connection of an allowed one',
    /200, 403 host-unlisted/,
    async (_, slug) =>
      statuses(
        await toProxy(
          `GET http://plain.example/ HTTP/1.1\r\nHost: plain.example\r\n\r\n${request(`http://other.example/escaped/${slug}`, '', 'GET', 'other.example')}`,
        ),
      ),
  ),
];
