import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { makeScene } from '../../../support/git-gate/scene.ts';

const MIB = 1024 * 1024;
// Mounting takes root.
const isRoot = process.getuid?.() === 0;

it.runIf(isRoot)(
  'a full disk refuses a push and a fetch, says so, and harms neither mirror nor upstream',
  async () => {
    const scene = await makeScene({ mirrorBytes: 6 * MIB });
    try {
      await scene.clone();
      const filler = join(scene.directory, 'mirrors', 'filler');
      await writeFile(filler, Buffer.alloc(4 * MIB));
      const id = await scene.commit('big.bin', randomBytes(3 * MIB));
      const before = await gitOk(scene.upstream.repository, 'for-each-ref');
      const push = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
      expect(push.code, push.said).not.toBe(0);
      expect(push.said).toMatch(/No space left on device|unpack/);
      expect(await gitOk(scene.upstream.repository, 'for-each-ref')).toBe(before);

      // Upstream moves on by as much as does not fit.
      const { repository } = scene.upstream;
      await gitOk(scene.work, 'push', '-q', repository, 'HEAD:refs/heads/elsewhere');
      const fetch = await scene.git('fetch', 'origin');
      expect(fetch.code).not.toBe(0);
      expect(fetch.said).toMatch(/remote: git gate: .*No space left on device/);

      await rm(filler);
      const again = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
      expect(again, again.said).toMatchObject({ code: 0 });
      expect(await scene.upstream.ref('refs/heads/topic')).toBe(id);
      await gitOk(scene.work, 'fetch', '-q', 'origin');
      await gitOk(join(scene.directory, 'mirrors', 'kit.git'), 'fsck', '--strict');
    } finally {
      await scene.close();
    }
  },
);
