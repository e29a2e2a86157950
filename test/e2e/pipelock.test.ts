import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBaseImage } from '../../lib/docker/base-images.ts';
import { dockerTry } from '../../lib/docker/cli.ts';
import { buildImage } from '../../lib/docker/image.ts';
import { engineHolds, KIT, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const RECIPE = join(import.meta.dirname, 'pipelock');
const IMAGE = `bot-bottle-test-pipelock:${randomBytes(4).toString('hex')}`;

/** Lists the engine's bundle images with pipelock. */
async function bundles(): Promise<string[]> {
  const { stdout } = await dockerTry([
    'images',
    '--format',
    '{{.Repository}}:{{.Tag}}',
    'bot-bottle-sidecars',
  ]);
  return stdout.split('\n').filter((image) => image.includes('-pipelock-'));
}

let held: string[] = [];
beforeAll(async () => {
  held = await bundles();
  const { reference } = await ensureBaseImage('node', { say: () => {} });
  await buildImage({
    ...{ tag: IMAGE, dockerfile: join(RECIPE, 'Dockerfile'), context: RECIPE, labels: {}, say: () => {} },
    buildArguments: { BASE_IMAGE: reference },
  });
});
afterAll(async () => {
  const built = (await bundles()).filter((image) => !held.includes(image));
  for (const image of [...built, IMAGE]) await dockerTry(['image', 'rm', image]);
});

/** Prints the response to a request that only egress supports, and who refuses a tunnel that is not for HTTPS. */
const LOOK = `
const http = require('node:http');
const { hostname: host, port } = new URL(process.env.HTTPS_PROXY);
http.get({ host, port, path: 'http://_egress.local/allowlist' }, (response) => console.log('egress', response.statusCode))
  .on('error', () => {});
const tunnel = http.request({ host, port, method: 'CONNECT', path: 'other.example.com:22' });
tunnel.on('connect', ({ headers }) => {
  console.log('refused by', headers['x-refused-by'] ?? headers['x-bot-bottle-reason']);
  setTimeout(() => process.exit(0), 500);
}).end();`;

describe('bottles with pipelock', () => {
  it('a bottle with pipelock does not launch without its image, and creates nothing', async () => {
    const user = sandbox();
    await user.writeAgent('chained', ['true'], 'egress:\n  pipelock: true\n');
    const image = 'bot-bottle-test-pipelock:absent';
    const refused = await user.run('launch', ['--agent', 'chained'], { BOT_BOTTLE_PIPELOCK_IMAGE: image });
    expect(refused.exitCode).toBe(71);
    expect(refused.stderr).toMatch(
      /chained\.md:\d+\) asks for pipelock, but the engine does not have its image/,
    );
    expect(refused.stderr).toContain(`docker pull ${image}`);
    expect(await user.bottles()).toEqual([]);
    expect(await engineHolds()).toEqual([]);
  });

  it('a bottle with routes uses egress as its proxy, with pipelock behind it', async () => {
    const user = sandbox();
    const routes = 'egress:\n  pipelock: true\n  routes:\n    - host: api.example.com\n';
    await user.writeAgent('chained', ['node', '-e', LOOK], routes);
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'chained'], {
      BOT_BOTTLE_PIPELOCK_IMAGE: IMAGE,
    });
    expect(exitCode, stderr).toBe(0);
    expect(stdout.split('\n').toSorted()).toEqual(['', 'egress 200', 'refused by host-unlisted']);
    expect(await engineHolds()).toEqual([]);
  });

  it('a bottle without routes uses pipelock as its proxy, even over a socket', async () => {
    const user = sandbox();
    user.smolvm = join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
    await user.writeAgent('alone', ['node', '-e', LOOK], 'egress:\n  pipelock: true\n');
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'alone'], {
      BOT_BOTTLE_PIPELOCK_IMAGE: IMAGE,
    });
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('refused by pipelock\n');
    expect(stdout).not.toContain('egress 200');
    expect(await engineHolds()).toEqual([]);
  });
});
