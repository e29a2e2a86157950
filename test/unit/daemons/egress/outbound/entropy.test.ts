import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RouteDlp } from '../../../../../lib/daemons/contract/egress/route-dlp.ts';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';

const scene = proxyScene();
// Matches no known format.
const RANDOM = 'q7Rt2Zx9Lw4Kd8Vb1Ns6Mh3Pf5Gj0Yc7Ua2Te9Xo4Qi8';

interface Sent {
  readonly dlp: RouteDlp;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

async function send({ dlp, path = '/', headers = {}, body = '' }: Sent): Promise<Reply> {
  const { port } = scene().upstream;
  scene().egress.setRoutes([{ host: HOST, port, private: true, dlp }]);
  const options = scene().tunnel();
  const socket = await openTunnel(options);
  const request = requestOn(socket, { method: 'POST', path, headers: { host: options.target, ...headers } });
  request.end(body);
  const reply = await replyOf(request);
  socket.destroy();
  return reply;
}

const withEntropy = (outbound_on_match: RouteDlp['outbound_on_match']): RouteDlp => ({
  outbound_detectors: ['token_patterns', 'known_secrets', 'entropy'],
  outbound_on_match,
});

describe('random strings', () => {
  it('a random string passes if the route does not enable the entropy detector', async () => {
    expect(await send({ dlp: {}, body: RANDOM })).toMatchObject({ status: 200, body: RANDOM });
  });

  it.each<[string, Omit<Sent, 'dlp'>]>([
    ['in the body', { body: `{"note":"${RANDOM}"}` }],
    ['in the query', { path: `/?q=${RANDOM}` }],
    ['in a header', { headers: { 'x-note': RANDOM } }],
    ['at the end of a long body', { body: `${'lorem ipsum '.repeat(20_000)}${RANDOM}` }],
    ['in base64', { body: createHash('sha384').update('a').digest('base64') }],
  ])('egress blocks a random string if the route enables the entropy detector: %s', async (_where, sent) => {
    const reply = await send({ dlp: withEntropy('block'), ...sent });
    expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    expect(scene().upstream.seen).toEqual([]);
    expect(scene().egress.log).toMatchObject([{ secrets: ['high-entropy'] }]);
    expect(JSON.stringify([reply, scene().egress.log])).not.toContain(RANDOM);
  });

  it('egress redacts a random string if the route says so', async () => {
    const reply = await send({ dlp: withEntropy('redact'), body: `{"note":"${RANDOM}","n":1}` });
    expect(reply).toMatchObject({ status: 200, body: '{"note":"REDACTED-high-entropy","n":1}' });
  });

  it('a random string needs approval if the route says so', async () => {
    const reply = await send({ dlp: withEntropy('supervise'), body: RANDOM });
    expect(reply).toMatchObject({ status: 403 });
    expect(reply.body).toContain('no supervisor is attached');
  });

  it.each([
    ['a UUID', randomUUID()],
    ['a hash of git', createHash('sha1').update('a').digest('hex')],
    ['a sum in hex', createHash('sha512').update('a').digest('hex')],
    [
      'prose and paths',
      'See /usr/share/doc/some-package/examples/configuration-files/README for the rest of it.',
    ],
    ['a long name', 'an_exceptionally_long_identifier_of_a_function_in_snake_case_that_goes_on'],
  ])('the entropy detector ignores %s', async (_what, text) => {
    expect(await send({ dlp: withEntropy('block'), body: text })).toMatchObject({ status: 200, body: text });
  });

  it('the entropy detector flags the checksums in lock files', async () => {
    const sum = createHash('sha512').update('a package').digest('base64');
    const reply = await send({ dlp: withEntropy('block'), body: `"integrity": "sha512-${sum}"` });
    expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
  });
});
