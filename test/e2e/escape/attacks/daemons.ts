import { connect } from 'node:net';
import type { GuestAttack } from '../attack.ts';
import { each } from '../guest/dial.ts';
import { run } from '../guest/programs.ts';
import { statuses } from '../guest/proxy.ts';

const supervise = () => new URL(process.env.MCP_SUPERVISE_URL ?? 'http://nowhere.invalid');
const gate = () => new URL(process.env.GIT_GATE_URL ?? 'http://nowhere.invalid');

/** Sends bytes to a daemon beside egress. @returns the statuses of what came back. */
function sent(to: URL, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host: to.hostname, port: Number(to.port) });
    const end = () => {
      socket.destroy();
      resolve(statuses(heard));
    };
    socket.setTimeout(10_000, end);
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', end).on('close', end);
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** Calls a tool of the MCP server. @returns what a model would read, or the error. */
export async function call(name: string, input: unknown): Promise<string> {
  const answer = await fetch(supervise(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } }),
  });
  const last =
    (await answer.text())
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .at(-1) ?? 'data:{}';
  const { result, error } = JSON.parse(last.slice(5));
  if (error !== undefined) return `error ${error.code}`;
  return `${result?.isError ? 'refused: ' : ''}${result?.content?.[0]?.text ?? 'nothing'}`.replaceAll(
    '\n',
    ' ',
  );
}

const toSupervise = (
  what: string,
  meets: RegExp,
  headers: string,
  target = '/',
  body = '{}',
): GuestAttack => ({
  ...{ name: `supervise: ${what}`, as: 'agent', meets },
  run: () =>
    sent(
      supervise(),
      `POST ${target} HTTP/1.1\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    ),
});

const asking = (
  what: string,
  tool: string,
  input: unknown,
  meets = /(?:error -32602|refused: .*)/,
): GuestAttack => ({
  ...{ name: `supervise: ${what}`, as: 'agent', meets, run: () => call(tool, input) },
});

const own = () => `Host: ${supervise().host}\r\n`;
const allow = (more: object) => ({ host: 'other.example', reason: 'x', ...more });

const toGate = (what: string, target: string, meets = /404/, method = 'GET', more = ''): GuestAttack => ({
  ...{ name: `git gate: ${what}`, as: 'agent', meets },
  run: () => sent(gate(), `${method} ${target} HTTP/1.1\r\nHost: x\r\n${more}Connection: close\r\n\r\n`),
});

/** Attacks on the daemons beside egress. */
export const DAEMONS: readonly GuestAttack[] = [
  toSupervise(
    'a request of a web page, with its Origin',
    /403/,
    'Host: 127.0.0.1\r\nOrigin: https://evil.example\r\n',
  ),
  toSupervise('a name that was rebound to it', /403/, 'Host: evil.example\r\n'),
  toSupervise('use it as a proxy', /400/, 'Host: 127.0.0.1\r\n', 'http://169.254.169.254/latest/'),
  {
    name: 'supervise: a body beyond its limit',
    as: 'agent',
    // The end of the connection may overtake the response, as what was sent is never read.
    meets: /413|closed/,
    run: () => {
      const body = ' '.repeat(1_100_000);
      return sent(
        supervise(),
        `POST / HTTP/1.1\r\n${own()}Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  },
  {
    name: 'supervise: two lengths in one request',
    as: 'agent',
    meets: /400/,
    run: () =>
      sent(
        supervise(),
        `POST / HTTP/1.1\r\n${own()}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      ),
  },
  asking('ask for the metadata service', 'allow', allow({ host: '169.254.169.254' })),
  asking('ask for all hosts', 'allow', allow({ host: '*' })),
  asking('ask for a host with an escape sequence in it', 'allow', allow({ host: 'a\u001b[2J.example' })),
  asking('ask for a path that can be read in two ways', 'allow', allow({ pathPrefix: '/a/../' })),
  asking('ask for a route that reaches private addresses', 'allow', allow({ private: true })),
  asking('ask as if it were approved already', 'allow', allow({ status: 'approved', grant: 'p-000000' })),
  asking('ask for a method with a line break in it', 'allow', allow({ methods: ['GET\r\nX: y'] })),
  asking('look up a proposal by a path', 'check', { id: '../../../etc/passwd' }),
  asking('lines for the image that mount the host', 'capability', {
    dockerfile: 'RUN --mount=type=bind,source=/,target=/host cat /host/etc/shadow',
    reason: 'x',
  }),
  asking('lines for the image that change the user', 'capability', { dockerfile: 'USER root', reason: 'x' }),
  asking('lines for the image that copy from elsewhere', 'capability', {
    dockerfile: 'COPY --from=bot-bottle-sidecars / /',
    reason: 'x',
  }),
  asking('lines for the image that hide in a here-document', 'capability', {
    dockerfile: 'RUN <<END\nid\nEND\nFROM scratch',
    reason: 'x',
  }),
  toGate('another repository', '/other.git/info/refs?service=git-upload-pack'),
  toGate('a repository beside, by two dots', '/kit.git/../other.git/info/refs?service=git-upload-pack'),
  toGate('a file of the bundle, by two dots', '/kit.git/../../../../etc/passwd'),
  toGate('a file of the bundle, by encoded dots', '/%2e%2e/%2e%2e/etc/bot-bottle/git/repos.json'),
  toGate('the configuration of the mirror', '/kit.git/config'),
  toGate('the alternates of the mirror', '/kit.git/objects/info/alternates'),
  toGate('a hook of the mirror', '/kit.git/hooks/pre-receive'),
  toGate('an option of git as a name', '/--upload-pack=id.git/info/refs?service=git-upload-pack'),
  toGate('another program of git', '/kit.git/info/refs?service=git-upload-archive'),
  toGate(
    'a second service in the query',
    '/kit.git/info/refs?service=git-upload-pack&service=git-receive-pack',
  ),
  toGate('use it as a proxy', 'http://169.254.169.254/latest/'),
  toGate('a push where pushes are off', '/kit.git/info/refs?service=git-receive-pack', /403/),
  toGate(
    'a push of objects where pushes are off',
    '/kit.git/git-receive-pack',
    /403/,
    'POST',
    'Content-Length: 0\r\n',
  ),
  toGate(
    'two lengths in one request',
    '/kit.git/git-upload-pack',
    /400/,
    'POST',
    'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n',
  ),
  {
    name: 'git gate: the git protocol, past HTTP',
    as: 'agent',
    meets: /.*Connection refused.*/,
    run: async () =>
      (
        await run('git', ['-C', '/', 'ls-remote', `git://${gate().hostname}:9418/kit.git`])
      ).printed.replaceAll('\n', ' '),
  },
  {
    name: 'git gate: SSH to the upstream, past the gate',
    as: 'agent',
    // The image has no ssh; with one, the name would not resolve.
    meets: /.*(?:cannot run ssh|Could not resolve hostname).*/,
    run: async () =>
      (
        await run('git', ['-C', '/', 'ls-remote', 'ssh://git@other.example/team/other.git'])
      ).printed.replaceAll('\n', ' '),
  },
  {
    name: 'git push over HTTPS, past the gate',
    as: 'agent',
    meets: /403 git-push-refused/,
    run: async () => {
      const { get } = await import('../guest/proxy.ts');
      return each([
        get('/team/kit.git/info/refs?service=git-receive-pack'),
        get('/team/kit.git/git-receive-pack'),
        get('/team/kit.git/info/refs?service=git%2Dreceive-pack'),
      ]);
    },
  },
  {
    name: 'git fetch over HTTPS, past the gate',
    as: 'agent',
    meets: /403 git-fetch-refused/,
    run: async () => {
      const { get } = await import('../guest/proxy.ts');
      return get('/team/kit.git/info/refs?service=git-upload-pack');
    },
  },
];
