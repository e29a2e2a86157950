import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { buildImage, imageConfig, imageId } from '../../../lib/docker/image.ts';
import { ensureCapableImage, presentCapableImage } from '../../../lib/handoff/capable-image.ts';

const TAG = `bk-test-capable:${process.pid}`;
const { signal } = new AbortController();
const options = { agent: 'dev', say: () => {}, force: false, signal };
const about = { bottle: 'dev-a1b2c', reason: 'x', at: '2026-01-01T00:00:00.000Z', by: 'ann' };
/** Unique, so that nothing is there already. */
const marker = `/opt/marker-${process.pid}-${Date.now()}`;
const built: string[] = [];
let base = { reference: TAG, id: '' };

beforeAll(async () => {
  const { reference } = await ensureBaseImage('node', { say: () => {} });
  const context = await mkdtemp(join(tmpdir(), 'bk-'));
  const dockerfile = join(context, 'Dockerfile');
  await writeFile(dockerfile, `FROM ${reference}\nUSER node\nCMD ["true"]\n`);
  await buildImage({
    ...{ tag: TAG, dockerfile, context },
    labels: {},
    buildArguments: {},
    say: () => {},
  });
  await rm(context, { recursive: true });
  base = { reference: TAG, id: (await imageId(TAG)) ?? '' };
});
afterAll(async () => {
  await execa('docker', ['image', 'rm', ...built.reverse(), TAG], { reject: false });
});

it('approved lines are built as root on the agent’s image, which else stays as it was', async () => {
  const first = { ...about, id: 'p-000001', lines: `# A file.\nRUN id -u \\\n  > ${marker}\nENV ADDED=yes` };
  const second = { ...about, id: 'p-000002', lines: `RUN test "$ADDED" = yes && echo more >> ${marker}` };
  expect(await presentCapableImage(base, [first, second])).toBeUndefined();
  const image = await ensureCapableImage(base, [first, second], options);
  const between = await ensureCapableImage(base, [first], options);
  built.push(between.reference, image.reference);
  const config = await imageConfig(image.reference);
  expect(config).toMatchObject({ user: 'node', cmd: ['true'], environment: { ADDED: 'yes' } });
  const { stdout } = await execa('docker', ['run', '--rm', image.reference, 'cat', marker]);
  expect(stdout).toBe('0\nmore');
  // Only other lines make another image.
  expect(await presentCapableImage(base, [first, { ...second, by: 'ben' }])).toEqual(image);
  expect(await ensureCapableImage(base, [], options)).toEqual(base);
});

it('lines that cannot be built are named, with whose they are and how to remove them', async () => {
  const good = { ...about, id: 'p-000003', lines: `RUN true ${marker}` };
  const bad = { ...about, id: 'p-000004', lines: 'RUN echo no such thing && false' };
  const failing = ensureCapableImage(base, [good, bad], options);
  await expect(failing).rejects.toMatchObject({
    code: 'image-unusable',
    message: expect.stringMatching(
      /^the lines of p-000004, which the agent of dev-a1b2c asked for and ann approved, cannot be built:\nRUN echo no such thing && false\n/,
    ),
    hint: 'Remove them: make capabilities AGENT=dev REMOVE=p-000004',
  });
  const { reference } = await ensureCapableImage(base, [good], options);
  built.push(reference);
});
