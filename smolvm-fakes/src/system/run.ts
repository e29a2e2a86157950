import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { SmolvmError } from '../errors.ts';

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The environment of the fake's helper programs; the caller's own is not passed on. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Path of a helper program; undefined when it is not installed. */
export function programPath(name: string, path = ENVIRONMENT.PATH): string | undefined {
  return path
    .split(':')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Runs a helper program; a non-zero exit is not an error. @throws SmolvmError when the program is missing.
 */
export function tryRun(
  program: string,
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): RunResult {
  const result = spawnSync(program, [...args], {
    encoding: 'utf8',
    env: ENVIRONMENT,
    input: options.input ?? '',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (result.error !== undefined) {
    throw new SmolvmError(
      `agent operation failed: ${program}: ${result.error.message} (Debian's docker.io package brings runc, iptables and iproute2)`,
    );
  }
  return { code: result.status ?? 255, stdout: result.stdout, stderr: result.stderr };
}

/** Runs a helper program. @returns its stdout. @throws SmolvmError with the last lines of its output. */
export function run(
  program: string,
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): string {
  const result = tryRun(program, args, options);
  if (result.code === 0) return result.stdout;
  throw new SmolvmError(
    `agent operation failed: ${program}: exit ${result.code}: ${(result.stderr || result.stdout).trim().split('\n').slice(-3).join('; ')}`,
  );
}

export { ENVIRONMENT as HELPER_ENVIRONMENT };
