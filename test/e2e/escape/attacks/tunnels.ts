import { connect as connectHttp2 } from 'node:http2';
import type { GuestAttack } from '../attack.ts';
import { get, request, secured } from '../guest/proxy.ts';
import { call } from './daemons.ts';

/** The host that a person grants, and takes back while the attacks hold on to it. */
export const GRANTED = 'wanted.example';
const inTunnel = { authority: `${GRANTED}:443` };
/** Milliseconds for the person and for egress. */
const LONGEST_MS = 45_000;

const late = () => new Promise<string>((resolve) => setTimeout(resolve, LONGEST_MS, 'still open').unref());
/** Tells the host that a connection is open; it revokes the grant when all are. */
const ready = () => process.stderr.write('connection open\n');

/** What a person approves, for the others to hold on to. */
export const GRANT: GuestAttack = {
  name: 'control: ask for a host, and be granted it',
  as: 'agent',
  group: 'granted',
  meets: /.*"status": ?"approved".*/,
  run: () => call('allow', { host: GRANTED, reason: 'To hold on to it.' }),
};

/** Held open while the route is revoked. */
export const TUNNELS: readonly GuestAttack[] = [
  GRANT,
  {
    name: 'revoked: a response that is still on its way',
    as: 'agent',
    group: 'tunnels',
    meets: /closed, then 403 host-unlisted/,
    run: async () => {
      const stream = await secured({ ...inTunnel, ALPNProtocols: ['http/1.1'] });
      if (typeof stream === 'string') return stream;
      const closed = new Promise<string>((resolve) => stream.once('close', () => resolve('closed')));
      stream.on('error', () => {});
      stream.once('data', ready);
      stream.write(`GET /open-end/x HTTP/1.1\r\nHost: ${GRANTED}\r\n\r\n`);
      return `${await Promise.race([closed, late()])}, then ${await get('/escaped/after-revocation', GRANTED)}`;
    },
  },
  {
    name: 'revoked: a tunnel that is kept for later',
    as: 'agent',
    group: 'tunnels',
    meets: /closed/,
    run: async () => {
      const stream = await secured({ ...inTunnel, ALPNProtocols: ['http/1.1'] });
      if (typeof stream === 'string') return stream;
      const closed = new Promise<string>((resolve) => stream.once('close', () => resolve('closed')));
      stream.on('error', () => {});
      stream.once('data', ready);
      stream.write(`GET / HTTP/1.1\r\nHost: ${GRANTED}\r\n\r\n`);
      return Promise.race([closed, late()]);
    },
  },
  {
    name: 'revoked: an HTTP/2 session with a stream in progress',
    as: 'agent',
    group: 'tunnels',
    meets: /closed/,
    run: async () => {
      const stream = await secured({ ...inTunnel, ALPNProtocols: ['h2'] });
      if (typeof stream === 'string') return stream;
      const session = connectHttp2(`https://${GRANTED}`, { createConnection: () => stream });
      session.on('error', () => {});
      const closed = new Promise<string>((resolve) => stream.once('close', () => resolve('closed')));
      const sent = session.request({ ':path': '/open-end/x' });
      sent.on('error', () => {}).once('data', ready);
      return Promise.race([closed, late()]);
    },
  },
  {
    name: 'revoked: a request whose body is still being sent',
    as: 'agent',
    group: 'tunnels',
    meets: /closed/,
    run: async () => {
      const stream = await secured({ ...inTunnel, ALPNProtocols: ['http/1.1'] });
      if (typeof stream === 'string') return stream;
      const closed = new Promise<string>((resolve) => stream.once('close', () => resolve('closed')));
      stream.on('error', () => {}).resume();
      stream.write(request('/escaped/late-body', 'Transfer-Encoding: chunked\r\n', 'POST', GRANTED));
      const dripping = setInterval(() => stream.writable && stream.write('1\r\nx\r\n'), 200);
      ready();
      return Promise.race([closed, late()]).finally(() => clearInterval(dripping));
    },
  },
];
