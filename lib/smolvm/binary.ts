import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import { hostEnvironment } from './host-environment.ts';
import { parseVersion, type SmolvmVersion } from './version.ts';

export interface SmolvmBinary {
  /** Absolute path. */
  path: string;
  version: SmolvmVersion;
}

/**
 * Finds the smolvm to run: `$SMOLVM` if set, otherwise `smolvm` on the PATH, otherwise `fallback`.
 * @throws BottleError `smolvm-missing` with how to install it.
 */
export async function findSmolvm(fallback?: string): Promise<SmolvmBinary> {
  const asked = process.env.SMOLVM;
  const path = asked ? resolve(asked) : (onPath('smolvm') ?? fallback);
  if (path === undefined) {
    const demo =
      process.platform === 'linux' ? ' To try the kit without it, run `make launch AGENT=demo`.' : '';
    throw new BottleError('smolvm-missing', '`smolvm` is not on the PATH, and SMOLVM is not set', {
      hint: `${installHint()}${demo}`,
    });
  }
  if (!isExecutable(path)) {
    throw new BottleError('smolvm-missing', `SMOLVM is '${asked}', which is not an executable file`, {
      hint: 'Set SMOLVM to the path of a smolvm binary, or unset it to use the one on the PATH.',
    });
  }
  return { path, version: await versionOf(path) };
}

/** Says how to get a smolvm for a platform. */
export function installHint(platform: NodeJS.Platform = process.platform): string {
  const builds: Partial<Record<NodeJS.Platform, string>> = { darwin: ' for macOS', linux: ' for Linux' };
  const needs = platform === 'linux' ? ', which needs /dev/kvm' : '';
  const what = `Install smolvm 1.8.0 or newer${builds[platform] ?? ''}${needs}`;
  return `${what} (https://github.com/smol-machines/smolvm/releases), or set SMOLVM to its path.`;
}

/** Runs `--version` of a smolvm binary. */
export async function versionOf(path: string): Promise<SmolvmVersion> {
  const result = await execa(path, ['--version'], {
    reject: false,
    timeout: 20_000,
    env: hostEnvironment(),
    extendEnv: false,
  });
  if (result.exitCode !== 0) {
    throw new BottleError(
      'smolvm-missing',
      `${path} --version failed: ${result.shortMessage ?? result.stderr}`,
      {
        hint: 'Check that the binary runs on this machine.',
      },
    );
  }
  return parseVersion(result.stdout);
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
