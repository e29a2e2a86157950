import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { dockerTry } from '../../../lib/docker/cli.ts';
import { askEngine } from '../../../lib/docker/engine/ask.ts';
import { SeenEnvironments } from '../../support/seen-environments.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bk-'));
  vi.stubEnv('SOME_TOKEN', 'needle-token');
  vi.stubEnv('BOT_BOTTLE_PROMPTED_PIN', 'needle-answer');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
  rmSync(folder, { recursive: true });
});

it('docker gets what leads it to its engine, the values meant for a container, and nothing else', async () => {
  const seen = new SeenEnvironments(folder);
  seen.wrap('docker', '/bin/true');
  vi.stubEnv('PATH', seen.path(process.env.PATH));
  for (const name of ['DOCKER_DEFAULT_PLATFORM', 'DOCKER_CONTENT_TRUST', 'BUILDX_BUILDER'])
    vi.stubEnv(name, 'needle-of-the-person');
  vi.stubEnv('DOCKER_CONTEXT', 'elsewhere');
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
  await dockerTry(['version'], { env: { SLOT: 'for-the-container' } });
  await askEngine();
  const [call = '', ...others] = seen.calls('docker');
  expect(others).toHaveLength(2);
  expect(call).toContain(' DOCKER_CONTEXT=elsewhere ');
  expect(call).toContain(' HTTPS_PROXY=http://proxy.example:3128 ');
  expect(call).toContain(' SLOT=for-the-container ');
  expect([call, ...others].join('\n')).not.toContain('needle-');
});

it('esbuild, which takes the environment of this process, gets no secrets, and this process keeps them', async () => {
  const seen = new SeenEnvironments(folder);
  const arch = `@esbuild/${process.platform}-${process.arch}/bin/esbuild`;
  const real = createRequire(createRequire(import.meta.url).resolve('esbuild')).resolve(arch);
  vi.stubEnv('ESBUILD_BINARY_PATH', seen.wrap('esbuild', real));
  vi.resetModules();
  const { bundledPrograms } = await import('../../../lib/bundle/programs.ts');
  expect((await bundledPrograms()).programs.length).toBeGreaterThan(3);
  expect(seen.calls('esbuild')).toHaveLength(1);
  expect(seen.calls('esbuild')[0]).toContain(' PATH=');
  expect(seen.calls('esbuild')[0]).not.toContain('needle-');
  expect(process.env.SOME_TOKEN).toBe('needle-token');
});
