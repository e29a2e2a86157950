import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  artifactDirectory,
  artifactPath,
  hasArtifact,
  makeArtifact,
  type PackWorkspace,
} from '../../../lib/handoff/artifact-cache.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const id = `sha256:${'0123456789abcdef'.repeat(4)}`;

function make(name: string, pack: (files: PackWorkspace) => Promise<void>, force = false): Promise<string> {
  return makeArtifact(id, {
    force,
    workspace: join(artifactDirectory(), `partial-${name}`),
    pack,
    onWait: () => {},
  });
}

async function packPair({ launcher }: PackWorkspace): Promise<void> {
  await writeFile(launcher, 'launcher');
  await writeFile(`${launcher}.smolmachine`, 'artifact');
}

async function partials(): Promise<string[]> {
  return (await readdir(artifactDirectory())).filter((name) => name.startsWith('partial-'));
}

describe('the artifact cache', () => {
  useTemporaryHome();

  it('names an artifact by the first 16 hex digits of its image', async () => {
    const path = await make('a', packPair);
    expect(path).toBe(artifactPath(id));
    expect(path).toMatch(/\/0123456789abcdef\.smolmachine\.smolmachine$/);
    expect(await readFile(path, 'utf8')).toBe('artifact');
    await expect(access(path.replace(/\.smolmachine$/, ''))).resolves.toBeUndefined();
  });

  it('packs once when two launches want the same image at the same time', async () => {
    let packs = 0;
    const pack = async (files: PackWorkspace) => {
      packs += 1;
      await sleep(100);
      await packPair(files);
    };
    const paths = await Promise.all([make('a', pack), make('b', pack), make('c', pack)]);
    expect(packs).toBe(1);
    expect(new Set(paths).size).toBe(1);
  });

  it('holds nothing after a pack that failed half-way, and tries again', async () => {
    const half = async ({ launcher }: PackWorkspace) => {
      await writeFile(`${launcher}.smolmachine`, 'half an arti');
      throw new Error('killed');
    };
    await expect(make('a', half)).rejects.toThrow('killed');
    expect(await hasArtifact(id)).toBe(false);
    expect(await partials()).toEqual([]);
    expect(await readFile(await make('a', packPair), 'utf8')).toBe('artifact');
  });

  it('is not fooled by the workspace that a kill -9 left', async () => {
    const workspace = join(artifactDirectory(), 'partial-a');
    await mkdir(workspace, { recursive: true });
    await writeFile(join(workspace, '0123456789abcdef.smolmachine.smolmachine'), 'half an arti');
    expect(await hasArtifact(id)).toBe(false);
    expect(await readFile(await make('a', packPair), 'utf8')).toBe('artifact');
  });

  it('makes it anew only when forced', async () => {
    await make('a', packPair);
    const again = ({ launcher }: PackWorkspace) =>
      Promise.all([writeFile(launcher, ''), writeFile(`${launcher}.smolmachine`, 'newer')]).then(() => {});
    expect(await readFile(await make('a', again), 'utf8')).toBe('artifact');
    expect(await readFile(await make('a', again, true), 'utf8')).toBe('newer');
  });
});
