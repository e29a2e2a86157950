import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** Gives each test of the file its own home and cache; the real ones are never touched. */
export function useTemporaryHome(): { readonly path: string } {
  const home = { path: '' };
  beforeEach(async () => {
    home.path = await mkdtemp(join(tmpdir(), 'bottle-kit-test-'));
    vi.stubEnv('HOME', home.path);
    vi.stubEnv('BOT_BOTTLE_HOME', join(home.path, 'home'));
    vi.stubEnv('BOT_BOTTLE_CACHE', join(home.path, 'cache'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    // Something may still be written, by what a test has just ended.
    await rm(home.path, { recursive: true, force: true, maxRetries: 10 });
  });
  return home;
}
