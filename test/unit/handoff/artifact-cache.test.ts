import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  artifactDirectory,
  artifactPath,
  hasArtifact,
  makeArtifact,
} from '../../../lib/handoff/artifact-cache.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const id = `sha256:${'0123456789abcdef'.repeat(4)}`;
const workspaceOf = (name: string) => join(artifactDirectory(), `partial-${name}`);

interface Attempt {
  content?: string;
  force?: boolean;
  /** Called when the artifact is half written. */
  midway?: () => Promise<void> | void;
}

function make(name: string, { content = 'whole', force = false, midway }: Attempt = {}): Promise<string> {
  const workspace = workspaceOf(name);
  return makeArtifact(id, {
    handoff: 'registry-pack',
    force,
    workspace,
    onWait: () => {},
    make: async (path) => {
      const partial = join(workspace, 'half');
      await writeFile(partial, content.slice(0, 2));
      await midway?.();
      await writeFile(partial, content);
      await rename(partial, path);
    },
  });
}

describe('artifact cache', () => {
  useTemporaryHome();

  it('artifacts are named by the first 16 hex digits of the image id and the hand-off', async () => {
    expect(await make('a')).toBe(artifactPath(id, 'registry-pack'));
    expect(artifactPath(id, 'registry-pack')).toMatch(/\/0123456789abcdef\.smolmachine\.smolmachine$/);
    expect(artifactPath(id, 'archive')).toMatch(/\/0123456789abcdef\.image\.tar$/);
    expect(await hasArtifact(id, 'archive')).toBe(false);
  });

  it('concurrent launches pack the same image only once', async () => {
    let packs = 0;
    const midway = async () => {
      packs += 1;
      await sleep(100);
    };
    const paths = await Promise.all(['a', 'b', 'c'].map((name) => make(name, { midway })));
    expect(packs).toBe(1);
    expect(new Set(paths).size).toBe(1);
  });

  it('a failed pack leaves nothing behind, and the next one succeeds', async () => {
    const midway = () => {
      throw new Error('killed');
    };
    await expect(make('a', { midway })).rejects.toThrow('killed');
    expect(await hasArtifact(id, 'registry-pack')).toBe(false);
    expect((await readdir(artifactDirectory())).filter((name) => name.startsWith('partial-'))).toEqual([]);
    expect(await readFile(await make('a'), 'utf8')).toBe('whole');
  });

  it('the workspace of a killed pack does not count as an artifact', async () => {
    await mkdir(workspaceOf('a'), { recursive: true });
    await writeFile(join(workspaceOf('a'), '0123456789abcdef.smolmachine.smolmachine'), 'wh');
    expect(await hasArtifact(id, 'registry-pack')).toBe(false);
    expect(await readFile(await make('a'), 'utf8')).toBe('whole');
  });

  it('an existing artifact is only recreated when forced', async () => {
    await make('a');
    expect(await readFile(await make('a', { content: 'newer' }), 'utf8')).toBe('whole');
    expect(await readFile(await make('a', { content: 'newer', force: true }), 'utf8')).toBe('newer');
  });
});
