import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertReadableContext, recipeDigest } from '../../../lib/handoff/recipe.ts';

let directory: string;
const digest = (base = 'sha256:a') => recipeDigest(join(directory, 'Dockerfile'), directory, base);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bottle-kit-test-'));
  await writeFile(join(directory, 'Dockerfile'), 'FROM x\n');
  await mkdir(join(directory, 'sub'));
  await writeFile(join(directory, 'sub', 'file'), 'one');
});
afterEach(() => rm(directory, { recursive: true }));

describe('digest of an image build', () => {
  it('the digest stays the same while nothing changes', async () => {
    expect(await digest()).toBe(await digest());
  });

  it.each([
    ['a file’s content', () => writeFile(join(directory, 'sub', 'file'), 'two')],
    ['a file’s mode', () => chmod(join(directory, 'sub', 'file'), 0o755)],
    ['a new file', () => writeFile(join(directory, 'sub', 'other'), '')],
    ['the Dockerfile', () => writeFile(join(directory, 'Dockerfile'), 'FROM y\n')],
  ])('the digest changes with %s', async (_what, change) => {
    const before = await digest();
    await change();
    expect(await digest()).not.toBe(before);
  });

  it('the digest changes with the base image', async () => {
    expect(await digest('sha256:b')).not.toBe(await digest('sha256:a'));
  });

  it('a pipe in the build context is not read, and changes the digest', async () => {
    const before = await digest();
    execFileSync('mkfifo', [join(directory, 'sub', 'pipe')]);
    expect(await digest()).not.toBe(before);
  }, 5_000);

  it('a build context that cannot be listed is named in the error', async () => {
    const context = join(directory, 'sub', 'file');
    await expect(recipeDigest(join(directory, 'Dockerfile'), context, '')).rejects.toThrow(
      /build context .*file cannot be read/,
    );
  });

  // Root reads everything; CI runs these tests as an ordinary user too.
  it.skipIf(process.getuid?.() === 0).each([
    ['folder', 'sub'],
    ['file', join('sub', 'file')],
    ['Dockerfile', 'Dockerfile'],
  ])('a %s that may not be read is named before a build', async (_what, name) => {
    await chmod(join(directory, name), 0);
    try {
      const check = assertReadableContext(join(directory, 'Dockerfile'), directory);
      await expect(check).rejects.toMatchObject({
        code: 'manifest-invalid',
        message: expect.stringContaining(join(directory, name)),
        hint: expect.stringContaining('make it readable'),
      });
    } finally {
      await chmod(join(directory, name), 0o700);
    }
  });

  it('links, pipes and what is missing below a link do not keep a context from being read', async () => {
    execFileSync('mkfifo', [join(directory, 'sub', 'pipe')]);
    await symlink('/nowhere', join(directory, 'sub', 'link'));
    await assertReadableContext(join(directory, 'Dockerfile'), directory);
  }, 5_000);

  it('a missing Dockerfile is named in the error', async () => {
    await expect(recipeDigest(join(directory, 'Missing'), directory, '')).rejects.toThrow(
      /Dockerfile .*Missing cannot be read/,
    );
  });
});
