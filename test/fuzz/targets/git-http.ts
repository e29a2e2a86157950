import { Readable } from 'node:stream';
import { gateRequest } from '../../../lib/daemons/contract/git-gate/control.ts';
import type { GateRepo } from '../../../lib/daemons/contract/git-gate/repos.ts';
import { readCommand } from '../../../lib/daemons/git-gate/hook/ask-gate.ts';
import { PktReader } from '../../../lib/daemons/git-gate/hook/pkt-line.ts';
import { cgiEnvironment } from '../../../lib/daemons/git-http/cgi-environment.ts';
import { CgiHeadReader } from '../../../lib/daemons/git-http/cgi-head.ts';
import { wantsIn } from '../../../lib/daemons/git-http/heads.ts';
import { route } from '../../../lib/daemons/git-http/route.ts';
import { claim } from '../claim.ts';
import type { Random } from '../random.ts';
import type { Target } from './target.ts';

const repo = (name: string, push: GateRepo['push']): [string, GateRepo] => [
  name,
  { name, url: `ssh://git@h/${name}.git`, key: { kind: 'file' }, push },
];
const REPOS = new Map([
  repo('kit', { branches: null, create: true, force: false, delete: false, tags: false }),
  repo('docs', false),
]);

const TARGET_PARTS = [
  ...[
    '/',
    'kit',
    'docs',
    '.git',
    'info/refs',
    'git-upload-pack',
    'git-receive-pack',
    '?service=',
    '?',
    '&',
    '=',
  ],
  ...[
    '..',
    '%2e',
    '%2F',
    '//',
    '\\',
    ';',
    '#',
    ' ',
    '\0',
    '\n',
    '\u00e9',
    'info/lfs/',
    'objects',
    'HEAD',
    'http://h',
  ],
] as const;
const HEADER_PARTS = [
  'version=2',
  ':',
  'gzip',
  'x-gzip',
  '7',
  '-1',
  '\n',
  '$(x)',
  '\0',
  '=',
  'application/x-git',
] as const;
const LINE_PARTS = [
  ...['0'.repeat(40), 'a'.repeat(40), 'f'.repeat(64), ' ', 'refs/heads/x', 'refs/', '\n', '\0', '--x', '..'],
  ...['0032want ', '0000', '0001', '0004', 'ffff', '003', 'want ', '-001', 'deepen'],
] as const;
const CGI_PARTS = [
  'Status: 200 OK',
  'Status: x',
  '\r\n',
  '\n',
  ': ',
  'a',
  'Content-Type',
  '\0',
  '\r\n\r\n',
] as const;

/** What git-http and the hooks read: only what the manifest has is served, and nothing else becomes a variable. */
export const gitHttp: Target = async (random) => {
  requestLine(random);
  cgiHead(random);
  command(random);
  await pktLines(random);
};

function requestLine(random: Random): void {
  const method = random.pick(['GET', 'POST', 'PUT', '']);
  const plain = `/${random.pick(['kit', 'docs', 'x'])}.git/${random.pick(['info/refs?service=git-upload-pack', 'git-receive-pack'])}`;
  const target =
    random.below(2) > 0 ? random.text(TARGET_PARTS, 8) : `${plain}${random.text(TARGET_PARTS, 2)}`;
  const routed = route(method, target, REPOS);
  if ('status' in routed) return;
  const name = /^\/([^/]+)\.git\//.exec(target)?.[1] ?? '';
  claim(REPOS.get(name) === routed.repo, `another repository: ${JSON.stringify(target)}`);
  claim(
    routed.service === 'git-upload-pack' || routed.repo.push !== false,
    `a push: ${JSON.stringify(target)}`,
  );
  const header = () => random.text(HEADER_PARTS, 4);
  const headers = {
    'git-protocol': header(),
    'content-type': header(),
    'content-encoding': header(),
    'content-length': header(),
  };
  const environment = cgiEnvironment(routed, { headers, method }, { mirrors: '/m', configuration: '/c' });
  for (const [key, value] of Object.entries(environment)) {
    claim(/^[ -~]*$/.test(value) && !value.includes('$'), `${key}: ${JSON.stringify(value)}`);
  }
  claim(
    /^\/(kit|docs)\.git\/(info\/refs|git-(upload|receive)-pack)$/.test(environment.PATH_INFO ?? ''),
    target,
  );
}

function cgiHead(random: Random): void {
  const reader = new CgiHeadReader();
  try {
    for (let count = 0; count < 4; count += 1) {
      const head = reader.push(Buffer.from(random.text(CGI_PARTS, 8), 'latin1'));
      if (head !== undefined) return;
    }
  } catch (error) {
    claim(error instanceof Error && error.message.startsWith('http-backend sent'), String(error));
  }
}

function command(random: Random): void {
  const text = random.text(LINE_PARTS, 8);
  for (const id of wantsIn(Buffer.from(text), random.below(4) === 0))
    claim(/^[0-9a-f]{40,64}$/.test(id), text);
  try {
    const asked = {
      do: 'judge',
      quarantine: null,
      push: crypto.randomUUID(),
      options: [],
      commands: [readCommand(text)],
    };
    const parsed = gateRequest.safeParse(asked);
    if (!parsed.success || parsed.data.do !== 'judge') return;
    claim(
      parsed.data.commands.every(({ ref }) => /^refs\/[^\p{Cc} ]+$/u.test(ref)),
      `ref: ${JSON.stringify(text)}`,
    );
  } catch (error) {
    claim(error instanceof Error && error.message === 'git sent no command', String(error));
  }
}

async function pktLines(random: Random): Promise<void> {
  const bytes =
    random.below(2) > 0 ? Buffer.from(random.text(LINE_PARTS, 8)) : random.bytes(random.below(40));
  const reader = new PktReader(Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]));
  try {
    for (let count = 0; count <= bytes.length; count += 1) await reader.section();
    claim(false, `more sections than bytes: ${bytes.toString('hex')}`);
  } catch (error) {
    claim(error instanceof Error && !error.message.startsWith('more'), String(error));
  }
}
