import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleReference } from '../../../lib/bundle/image.ts';
import { staleBundleImages } from '../../../lib/bundle/stale-images.ts';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { docker, dockerTry } from '../../../lib/docker/cli.ts';

const unique = randomBytes(6).toString('hex');
const old = (name: string) => `bot-bottle-sidecars:test-${unique}-${name}`;
const foreign = `bk-test-${unique}:latest`;
const container = `bk-test-${unique}`;
let variant: string;

beforeAll(async () => {
  const { reference } = await ensureBaseImage('node', { say: () => {} });
  variant = `${await bundleReference(reference)}-pipelock-${unique}`;
  const context = await mkdtemp(join(tmpdir(), 'stale-'));
  await writeFile(join(context, 'Dockerfile'), `FROM ${reference}\nLABEL bot-bottle.test=${unique}\n`);
  const tags = [old('unused'), old('used'), variant, foreign].flatMap((tag) => ['--tag', tag]);
  await docker(['build', '--quiet', '--label', 'bot-bottle.kind=bundle', ...tags, context]);
  await rm(context, { recursive: true });
  await docker(['create', '--name', container, old('used'), 'true']);
});
afterAll(async () => {
  await dockerTry(['rm', '--force', container]);
  await dockerTry(['image', 'rm', old('unused'), old('used'), variant, foreign]);
});

it('staleBundleImages lists only unused bundle images of older kit versions', async () => {
  const stale = await staleBundleImages();
  const mine = [old('unused'), old('used'), variant, foreign].filter((image) => stale.includes(image));
  expect(mine).toEqual([old('unused')]);
});
