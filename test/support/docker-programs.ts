import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** An isolated machine for a test: its PATH has only programs written here, and its cache is empty. */
export interface Machine {
  /** A directory that `remove` deletes. */
  directory: string;
  /** Puts a shell script on the PATH. */
  program(name: string, script: string): void;
  remove(): void;
}

export function makeMachine(): Machine {
  const directory = mkdtempSync(join(tmpdir(), 'machine-'));
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  vi.stubEnv('PATH', bin);
  vi.stubEnv('BOT_BOTTLE_CACHE', join(directory, 'cache'));
  for (const name of ['DOCKER_HOST', 'BOT_BOTTLE_ENGINE', 'BOT_BOTTLE_BASE_IMAGES']) vi.stubEnv(name, '');
  return {
    directory,
    program(name, script) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    remove() {
      vi.unstubAllEnvs();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
