import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageConfig } from '../../../lib/docker/image.ts';
import { readImageFiles } from '../../../lib/docker/image-files.ts';

const TAG = 'bot-bottle-test-image-files:1';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  writeFileSync(join(directory, 'real'), 'of the image');
  for (const [name, target] of Object.entries({
    first: 'second',
    second: '/etc/real',
    host: join(directory, 'secret'),
    missing: 'nothing',
  })) {
    symlinkSync(target, join(directory, name));
  }
  writeFileSync(join(directory, 'secret'), 'of the host');
  // COPY refuses or follows links of the context, so they arrive in a tarball.
  const files = ['real', 'first', 'second', 'host', 'missing'];
  execFileSync('tar', [
    '--create',
    '--file',
    join(directory, 'links.tar'),
    '--directory',
    directory,
    ...files,
  ]);
  const lines = ['FROM scratch', 'ADD links.tar /etc/', 'COPY real /folder/real'];
  const settings = [
    'USER dev:staff',
    'WORKDIR /work',
    'ENV A=b=c D=""',
    'LABEL of="a test"',
    'CMD ["run", "me"]',
    '',
  ];
  writeFileSync(join(directory, 'Dockerfile'), [...lines, ...settings].join('\n'));
  execFileSync('docker', ['build', '--quiet', '--tag', TAG, directory]);
});
afterAll(() => {
  execFileSync('docker', ['image', 'rm', TAG]);
  rmSync(directory, { recursive: true });
});

describe('readImageFiles', () => {
  it('links lead to files of the image, and never to files of this host', async () => {
    const paths = ['/etc/real', '/etc/first', '/etc/host', '/etc/missing', '/nowhere', '/folder'] as const;
    expect(await readImageFiles(TAG, paths)).toEqual({
      '/etc/real': 'of the image',
      '/etc/first': 'of the image',
      '/etc/host': undefined,
      '/etc/missing': undefined,
      '/nowhere': undefined,
      '/folder': undefined,
    });
  });

  it('no container is left behind', async () => {
    await readImageFiles(TAG, ['/etc/real']);
    const filter = ['ps', '--all', '--quiet', '--filter', `ancestor=${TAG}`];
    expect(execFileSync('docker', filter).toString()).toBe('');
  });
});

describe('imageConfig', () => {
  it('it returns what an image says about how to run it', async () => {
    expect(await imageConfig(TAG)).toEqual({
      user: 'dev:staff',
      directory: '/work',
      environment: expect.objectContaining({ A: 'b=c', D: '' }),
      entrypoint: [],
      cmd: ['run', 'me'],
      labels: { of: 'a test' },
    });
  });
});
