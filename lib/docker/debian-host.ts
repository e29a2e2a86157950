import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import { type ChildKind, childEnvironment } from '../host/child-environment.ts';
import { cacheDirectory } from '../host/directories.ts';

/** Returns whether the kit can install packages: Debian or a derivative, as root, with apt. */
export async function canInstallDebianPackages(osRelease = '/etc/os-release'): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return (await isDebianLike(osRelease)) && (await onPath('apt-get'));
}

/** Returns whether `ID` or a word of `ID_LIKE` in os-release(5) is `debian`. */
async function isDebianLike(osRelease: string): Promise<boolean> {
  const text = await readFile(osRelease, 'utf8').catch(() => '');
  const words = [...text.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].flatMap((match) =>
    (match[1] ?? '').replaceAll(/["']/g, '').split(/\s+/),
  );
  return words.includes('debian');
}

/** Returns whether a program is on the PATH. */
export async function onPath(program: string): Promise<boolean> {
  const tries = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => access(join(folder, program), constants.X_OK));
  return (await Promise.allSettled(tries)).some((result) => result.status === 'fulfilled');
}

export type InstallFailure = 'engine-missing' | 'image-unavailable';

/**
 * Installs Debian packages on this machine. All output goes to a log file below the cache directory.
 * @throws BottleError with `code`, the last lines of apt's output and the path of the log.
 */
export async function installDebianPackages(
  packages: readonly string[],
  code: InstallFailure,
  signal?: AbortSignal,
): Promise<void> {
  // Other installations may be running on a freshly booted machine, so apt waits for their lock.
  const apt = ['apt-get', '-y', '-o', 'DPkg::Lock::Timeout=300'] as const;
  await runLogged({ log: 'apt', command: [...apt, 'update'], code, signal });
  signal?.throwIfAborted();
  // Not interrupted: killing dpkg halfway would leave the machine's packages in need of repair.
  await runLogged({ log: 'apt', command: [...apt, 'install', '--no-install-recommends', ...packages], code });
  signal?.throwIfAborted();
}

export interface LoggedRun {
  /** The output is appended to `<cache>/logs/<log>.log`. */
  log: string;
  command: readonly [string, ...string[]];
  /** Error code for a failure. */
  code: InstallFailure;
  input?: string;
  /** What the program may see of the person's environment; `network` when absent. */
  kind?: ChildKind;
  env?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a program silently.
 * @throws BottleError `disk-full`, or with the given code, and the last lines of output.
 */
export async function runLogged(run: LoggedRun): Promise<void> {
  run.signal?.throwIfAborted();
  const path = join(cacheDirectory(), 'logs', `${run.log}.log`);
  await mkdir(dirname(path), { recursive: true });
  const [program, ...args] = run.command;
  const child = execa(program, args, {
    reject: false,
    all: true,
    input: run.input ?? '',
    extendEnv: false,
    env: {
      ...childEnvironment(run.kind ?? 'network'),
      DEBIAN_FRONTEND: 'noninteractive',
      LC_ALL: 'C.UTF-8',
      ...run.env,
    },
    // In its own process group: an abort ends the whole group, and Ctrl-C in the terminal does not reach it
    // directly.
    detached: true,
  });
  const log = createWriteStream(path, { flags: 'a' });
  child.all?.pipe(log);
  // If the log cannot be written (full disk), the run continues and the output is still drained.
  const written = finished(log).catch(() => child.all?.resume());
  const end = () => endGroup(child.pid);
  run.signal?.addEventListener('abort', end);
  const result = await child.finally(() => run.signal?.removeEventListener('abort', end));
  await written;
  run.signal?.throwIfAborted();
  if (!result.failed) return;
  const words = (result.all || result.shortMessage || '').trim().split('\n').slice(-8).join('\n');
  if (/no space left on device/i.test(words)) {
    throw new BottleError('disk-full', `${program}: the disk is full: ${words}`, {
      hint: 'Free some space, then try again.',
    });
  }
  throw new BottleError(run.code, `${program} failed:\n${words}`, {
    hint: `The full output is in ${path}.`,
  });
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGTERM');
  } catch {
    // The group has already ended.
  }
}
