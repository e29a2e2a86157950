import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { KIT_DIRECTORY } from '../../../lib/bottle/paths.ts';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { withExtraCa } from '../../../lib/docker/build-context.ts';
import { buildImage } from '../../../lib/docker/image.ts';

const WANTED = process.env.BOT_BOTTLE_TEST_PROVIDERS === '1';
const WHY = WANTED ? '' : ' (downloads half a gigabyte: set BOT_BOTTLE_TEST_PROVIDERS=1)';
const tagOf = (provider: string) => `bk-test-provider-${provider}`;

describe.skipIf(!WANTED)(`the images that providers bring${WHY}`, () => {
  afterAll(async () => {
    const tags = ['claude', 'codex'].map(tagOf);
    await execa('docker', ['image', 'rm', ...tags], { reject: false });
  });

  it.each(['claude', 'codex'])(
    '%s is built as build-image would, and runs as the agent’s user',
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
          onLine: () => {},
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
      // The extra roots of this network stay in the stage that needed them.
      expect(stdout).not.toContain('extra-ca.pem');
    },
  );
});
