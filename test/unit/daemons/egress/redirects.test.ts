import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { HOST, proxyScene, TOKEN } from '../../../support/egress/proxy-scene.ts';
import { startUpstream, type Upstream } from '../../../support/egress/upstream.ts';

const OTHER = 'other.example.com';
const scene = proxyScene();
const run = promisify(execFile);
const upstreams: Upstream[] = [];
afterEach(async () => {
  for (const upstream of upstreams.splice(0)) await upstream.close();
});

/**
 * Script of an HTTP client that follows redirects from each URL: with GET, with POST, and carelessly. The
 * careless way keeps its headers and sends the user info of the new URL, which fetch refuses to do. Prints
 * the final URLs.
 */
const FOLLOW = `
  const mine = { authorization: 'Bearer mine' };
  const careless = async (url) => {
    const { headers } = await fetch(url, { headers: mine, redirect: 'manual' });
    const next = new URL(headers.get('location'), url);
    const user = Buffer.from(next.username + ':' + next.password).toString('base64');
    next.username = next.password = '';
    return fetch(next, { headers: user === 'Og==' ? mine : { authorization: 'Basic ' + user } });
  };
  const ways = [
    (url) => fetch(url, { headers: mine }),
    (url) => fetch(url, { headers: mine, method: 'POST', body: 'posted' }),
    careless,
  ];
  const results = [];
  for (const url of JSON.parse(process.argv[1])) {
    for (const way of ways) {
      const answer = await way(url).catch(() => undefined);
      results.push(answer?.ok ? answer.url : null);
      await answer?.text();
    }
  }
  console.log(JSON.stringify(results));
`;

async function follow(urls: readonly string[]): Promise<(string | null)[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ca-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, scene().bottle.certificate);
  const proxy = `http://127.0.0.1:${scene().egress.port}`;
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module', '--eval', FOLLOW, JSON.stringify(urls)],
    { env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: ca } },
  );
  rmSync(folder, { recursive: true });
  return JSON.parse(stdout);
}

type Reached = 'all' | 'careless' | 'none';

/** Where the host with a token redirects to, and which requests the other upstream then receives. */
const places: [what: string, location: (host: string, other: string) => string, by: Reached][] = [
  ['another host', (_host, other) => `https://${other}/there`, 'all'],
  ['another host without a scheme', (_host, other) => `//${other}/there`, 'all'],
  [
    'another host behind the first as a user',
    (host, other) => `https://${host.replace(':', '%3A')}@${other}/there`,
    'careless',
  ],
  ['another host with a password', (_host, other) => `https://me:${TOKEN}@${other}/there`, 'careless'],
  [
    'another host with the token in its path',
    (_host, other) => `https://${other}/${TOKEN}?t=${TOKEN}`,
    'all',
  ],
  [
    'another port of the host',
    (host, other) => `https://${host.replace(/:.*/, '')}:${other.replace(/.*:/, '')}/there`,
    'none',
  ],
  ['the host in plain text', (host) => `http://${host}/there`, 'none'],
  [
    'a host that no route names',
    (_host, other) => `https://evil.example.org:${other.replace(/.*:/, '')}/there`,
    'none',
  ],
  [
    'the host below another',
    (host, other) => `https://${host.replace(/:.*/, '')}.evil.example.org:${other.replace(/.*:/, '')}/`,
    'none',
  ],
];

const STATUSES = [301, 302, 303, 307, 308];

it('a redirect that the agent follows leaks the token nowhere', async () => {
  const targets = () => [`${HOST}:${from.port}`, `${OTHER}:${to.port}`] as const;
  const from = await startUpstream(await scene().world.leaf(HOST), (request, response) => {
    const [, status, index] = (request.url ?? '').split('/').map(Number);
    const location = places[index ?? 0]?.[1](...targets()) ?? '/';
    request.resume().once('end', () => {
      response.writeHead(status ?? 0, { location, 'x-reflected': TOKEN }).end();
    });
  });
  const to = await startUpstream(await scene().world.leaf(OTHER), (request, response) => {
    request.pipe(response);
  });
  upstreams.push(from, to);
  scene().egress.setRoutes([
    { host: HOST, port: from.port, private: true, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    { host: OTHER, port: to.port, private: true },
  ]);
  const [host] = targets();
  const urls = STATUSES.flatMap((status) =>
    places.map((_place, index) => `https://${host}/${status}/${index}`),
  );
  const answers = await follow(urls);

  expect(JSON.stringify(answers)).not.toContain(TOKEN);
  expect(from.seen).toHaveLength(3 * urls.length);
  for (const { headers } of from.seen) expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
  const reached = STATUSES.flatMap(() =>
    places.flatMap(([, , by]) => [by === 'all', by === 'all', by !== 'none']),
  );
  expect(answers.map((answer) => answer !== null)).toEqual(reached);
  expect(to.seen).toHaveLength(reached.filter(Boolean).length);
  for (const seen of to.seen) {
    expect(seen.headers.authorization).toBeUndefined();
    expect(JSON.stringify(seen)).not.toContain(TOKEN);
  }
  expect(JSON.stringify(scene().egress.log)).not.toContain(TOKEN);
}, 60_000);
