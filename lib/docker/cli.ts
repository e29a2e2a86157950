import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import { childEnvironment } from '../host/child-environment.ts';
import { interruptionOf } from '../host/interruption.ts';
import { dockerDeadline } from './deadlines.ts';

export interface DockerOptions {
  /** Added to the environment of the `docker` process, so that `-e NAME` passes values to a container. */
  env?: Readonly<Record<string, string>>;
  /** Standard input; none when absent. */
  input?: string | Buffer;
  /** Milliseconds after which the command is killed; by its verb when absent, see `dockerDeadline`. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called with each line of stdout and stderr as it arrives. */
  onLine?: (line: string) => void;
}

export interface DockerResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Verbs that change nothing, and those with a second word for what they do. */
const QUESTIONS = new Set(['images', 'info', 'inspect', 'logs', 'port', 'ps', 'top', 'version']);
const ASKED_OF = new Set(['inspect', 'ls']);

function isQuestion([verb = '', what = '']: readonly string[]): boolean {
  return QUESTIONS.has(verb) || ASKED_OF.has(what);
}

/**
 * Runs `docker ARGS`; does not throw for a non-zero exit.
 * @throws BottleError `engine-missing` without a docker client; `interrupted` when it hung and a person ended it.
 */
export async function dockerTry(args: readonly string[], options: DockerOptions = {}): Promise<DockerResult> {
  const timeoutMs = options.timeoutMs ?? dockerDeadline(args);
  const interruption =
    options.signal === undefined ? interruptionOf({ isQuestion: isQuestion(args) }) : undefined;
  const cancelSignal = options.signal ?? interruption?.signal;
  const child = execa('docker', [...args], {
    reject: false,
    stripFinalNewline: true,
    env: { ...childEnvironment('docker'), DOCKER_CLI_HINTS: 'false', ...options.env },
    extendEnv: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(cancelSignal === undefined ? {} : { cancelSignal }),
    // Ctrl-C during a launch must not interrupt a change to the engine at once; see `interruptionOf`.
    detached: true,
    all: options.onLine !== undefined,
  });
  if (options.onLine !== undefined) {
    for await (const line of child.iterable({ from: 'all' })) options.onLine(String(line));
  }
  const result = await child;
  interruption?.end(result.isCanceled);
  if (result.code === 'ENOENT') {
    throw new BottleError('engine-missing', '`docker` is not on the PATH', {
      hint: 'Install Docker and start it: https://docs.docker.com/engine/install/',
    });
  }
  return {
    exitCode: result.exitCode ?? 1,
    stdout: String(result.stdout ?? ''),
    stderr:
      String(result.stderr ?? '') ||
      (result.timedOut ? `it did not end within ${(timeoutMs ?? 0) / 1000} s` : '') ||
      (interruption?.signal.aborted ? 'it hung, and was given up' : ''),
  };
}

/**
 * Runs `docker ARGS` and returns its stdout.
 * @throws BottleError `disk-full`, `engine-missing` or `engine-failed` with the last lines of output.
 */
export async function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  const result = await dockerTry(args, options);
  if (result.exitCode === 0) return result.stdout;
  throw dockerError(args, result);
}

/** Creates the error for a failed `docker ARGS`. Names only the verb, because the arguments may be long. */
export function dockerError(args: readonly string[], result: DockerResult): BottleError {
  const verb = args
    .slice(0, args[0] === 'network' || args[0] === 'image' || args[0] === 'container' ? 2 : 1)
    .join(' ');
  const said = lastLines(result.stderr || result.stdout, 12);
  if (/no space left on device/i.test(said)) {
    return new BottleError('disk-full', `docker ${verb}: the disk is full: ${said}`, {
      hint: 'Free some space (`docker system df`, `docker system prune`), then try again.',
    });
  }
  if (/cannot connect to the docker daemon|is the docker daemon running|error during connect/i.test(said)) {
    return new BottleError('engine-missing', 'no Docker engine answers', {
      hint: 'Start Docker (Docker Desktop, `systemctl start docker`, or `make engine`), then try again.',
    });
  }
  return new BottleError('engine-failed', `docker ${verb} failed (exit ${result.exitCode}): ${said}`);
}

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n');
}
