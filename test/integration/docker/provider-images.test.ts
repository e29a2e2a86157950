import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { withExtraCa } from '../../../lib/docker/build-context.ts';
import { buildImage } from '../../../lib/docker/image.ts';
import { KIT_DIRECTORY } from '../../../lib/host/directories.ts';

const WANTED = process.env.BOT_BOTTLE_TEST_PROVIDERS === '1';
const WHY = WANTED ? '' : ' (downloads half a gigabyte: set BOT_BOTTLE_TEST_PROVIDERS=1)';
const tagOf = (provider: string) => `bk-test-provider-${provider}`;

describe.skipIf(!WANTED)(`provider images${WHY}`, () => {
  afterAll(async () => {
    const tags = ['claude', 'codex'].map(tagOf);
    await execa('docker', ['image', 'rm', ...tags], { reject: false });
  });

  it.each(['claude', 'codex'])(
    'the %s image builds like in build-image and runs as the agent’s user',
    { timeout: 15 * 60_000 },
    async (provider) => {
      const base = await ensureBaseImage('node', { say: () => {} });
      const folder = join(KIT_DIRECTORY, 'lib', 'providers', provider);
      await withExtraCa(folder, (context) =>
        buildImage({
          tag: tagOf(provider),
          dockerfile: join(folder, 'Dockerfile'),
          context,
          labels: {},
          buildArguments: { BASE_IMAGE: base.reference },
          say: () => {},
        }),
      );
      const script = `id -un; ${provider} --version; git --version; command -v update-ca-certificates; ls -A /tmp`;
      const { stdout } = await execa('docker', [
        'run',
        '--rm',
        '--entrypoint',
        'sh',
        tagOf(provider),
        '-c',
        script,
      ]);
      expect(stdout).toMatch(/^node\n.*\d+\.\d+\.\d+.*\ngit version/);
      expect(stdout).toContain('update-ca-certificates');
      // The network's extra CA roots stay in the stage that needed them.
      expect(stdout).not.toContain('extra-ca.pem');
    },
  );
});
