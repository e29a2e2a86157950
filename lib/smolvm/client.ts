import { tmpdir } from 'node:os';
import type { Duplex, Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { z } from 'zod';
import { BottleError, type ErrorCode } from '../errors.ts';
import { scaledDeadline } from '../host/deadline-factor.ts';
import { interruptionOf } from '../host/interruption.ts';
import type { SmolvmBinary } from './binary.ts';
import { smolvmDeadline } from './deadlines.ts';
import { hostEnvironment } from './host-environment.ts';
import { namesArePositional } from './version.ts';

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** Piped to the command's standard input; none when absent. */
  input?: string;
  /** Milliseconds after which the host gives up on the command. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface PipeOptions {
  readonly input?: Readable;
  readonly output?: Writable;
  readonly signal?: AbortSignal;
  /** Milliseconds; unlimited when absent. */
  readonly timeoutMs?: number;
}

export interface CreateOptions {
  /** What the guest boots from: a `.smolmachine`, or an image archive (smolvm 1.1.0 and newer). */
  boot: { kind: 'artifact' | 'archive'; path: string };
  allowedCidrs: readonly string[];
  /** Unix sockets of the host to mount into the guest (smolvm 1.8.0 and newer). */
  sockets: readonly { host: string; guest: string }[];
}

const machineList = z.array(
  z.looseObject({ name: z.string(), state: z.string(), pid: z.number().nullable() }),
);
export type MachineSummary = z.infer<typeof machineList>[number];

/** Verbs that change nothing. */
const QUESTIONS = new Set(['machine ls', 'machine data-dir']);

/** Wraps the smolvm command line. Never pass secrets: arguments are visible to every user of the host. */
export class SmolvmClient {
  readonly binary: SmolvmBinary;
  readonly #deadlineOf: (verb: string) => number | undefined;

  /** @param deadlineOf milliseconds after which a verb counts as hung. */
  constructor(binary: SmolvmBinary, deadlineOf = smolvmDeadline) {
    this.binary = binary;
    this.#deadlineOf = deadlineOf;
  }

  /** Creates OUTPUT and OUTPUT.smolmachine from an image in a registry. */
  async packCreate(image: string, output: string, signal?: AbortSignal): Promise<void> {
    await this.run('pack-failed', ['pack', 'create', '--image', image, '--output', output], signal);
  }

  async machineCreate(name: string, options: CreateOptions, signal?: AbortSignal): Promise<void> {
    const { boot, allowedCidrs, sockets } = options;
    const args = [
      ...['machine', 'create', ...this.named(name)],
      ...(boot.kind === 'artifact' ? ['--from', boot.path] : ['--image', boot.path]),
      ...allowedCidrs.flatMap((cidr) => ['--allow-cidr', cidr]),
      ...sockets.flatMap(({ host, guest }) => ['--mount-socket', `${host}:${guest}`]),
    ];
    await this.run('guest-failed', args, signal);
  }

  async machineStart(name: string, signal?: AbortSignal): Promise<void> {
    await this.run('guest-failed', ['machine', 'start', '--name', name], signal);
  }

  async machineStop(name: string): Promise<void> {
    await this.run('guest-failed', ['machine', 'stop', '--name', name]);
  }

  async machineDelete(name: string): Promise<void> {
    await this.run('guest-failed', ['machine', 'delete', ...this.named(name), '--force']);
  }

  async machineList(): Promise<MachineSummary[]> {
    const stdout = await this.run('guest-failed', ['machine', 'ls', '--json']);
    return machineList.parse(JSON.parse(stdout));
  }

  /** `file` must not contain a colon, which smolvm would take for the end of a machine's name. */
  async machineCopyIn(name: string, file: string, guestPath: string): Promise<void> {
    await this.run('guest-failed', ['machine', 'cp', file, `${name}:${guestPath}`]);
  }

  async machineCopyOut(name: string, guestPath: string, file: string): Promise<void> {
    await this.run('guest-failed', ['machine', 'cp', `${name}:${guestPath}`, file]);
  }

  /** Returns the folder with the configuration that a running machine was actually launched with. */
  async machineDataDirectory(name: string): Promise<string> {
    return (await this.run('guest-failed', ['machine', 'data-dir', ...this.named(name)])).trim();
  }

  /** Runs a command in the guest as root. A non-zero exit is a result, not an error. */
  async exec(name: string, command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const interactive = options.input === undefined ? [] : ['-i'];
    const { timeoutMs } = options;
    const scaled = timeoutMs === undefined ? options : { ...options, timeoutMs: scaledDeadline(timeoutMs) };
    return this.invoke(['machine', 'exec', '--name', name, ...interactive, '--', ...command], scaled);
  }

  /**
   * Runs a command in the guest as root until `signal` aborts.
   * @returns its standard input and output; fails when the command does.
   */
  stream(name: string, command: readonly string[], signal: AbortSignal): Duplex {
    const child = execa(this.binary.path, this.#execArguments(name, command), {
      ...this.#surroundings,
      cancelSignal: signal,
      buffer: { stdout: false },
    });
    return child.duplex();
  }

  /**
   * Runs a command in the guest as root, with `input` as its standard input and `output` for what it prints, as it
   * comes. A non-zero exit is a result, not an error. `output` is not ended.
   */
  async pipe(
    name: string,
    command: readonly string[],
    options: PipeOptions,
  ): Promise<Omit<ExecResult, 'stdout'>> {
    const { input, output, signal, timeoutMs } = options;
    const result = await execa(this.binary.path, this.#execArguments(name, command), {
      ...this.#surroundings,
      reject: false,
      buffer: { stdout: false },
      // `pipe` admits streams without a file descriptor.
      stdin: input === undefined ? 'ignore' : [input, 'pipe'],
      stdout: output === undefined ? 'ignore' : [output, 'pipe'],
      maxBuffer: { stderr: 1_000_000 },
      ...(signal === undefined ? {} : { cancelSignal: signal }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    return { exitCode: result.exitCode ?? 1, stderr: result.stderr };
  }

  /** Starts a command in the guest as root, and returns the process of smolvm that carries its streams. */
  open(name: string, command: readonly string[]) {
    return execa(this.binary.path, this.#execArguments(name, command), {
      ...this.#surroundings,
      reject: false,
      buffer: false,
      stdin: 'pipe',
    });
  }

  #execArguments(name: string, command: readonly string[]): string[] {
    return ['machine', 'exec', '--name', name, '-i', '--', ...command];
  }

  get #surroundings() {
    return {
      // `pack create` looks for its own components in the working directory; a project must not supply them.
      cwd: tmpdir(),
      env: hostEnvironment(),
      extendEnv: false,
      // Ctrl-C during a launch must not interrupt a command at once; see `interruptionOf`.
      detached: true,
    } as const;
  }

  private named(name: string): string[] {
    return namesArePositional(this.binary.version) ? [name] : ['--name', name];
  }

  private async run(code: ErrorCode, args: readonly string[], signal?: AbortSignal): Promise<string> {
    const verb = args.slice(0, 2).join(' ');
    const timeoutMs = this.#deadlineOf(verb);
    const result = await this.invoke(args, {
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    signal?.throwIfAborted();
    if (result.isLate) throw hung(code, verb, timeoutMs ?? 0);
    if (result.exitCode === 0) return result.stdout;
    throw smolvmError(code, verb, result);
  }

  private async invoke(
    args: readonly string[],
    options: ExecOptions,
  ): Promise<ExecResult & { isLate: boolean }> {
    const isQuestion = QUESTIONS.has(args.slice(0, 2).join(' '));
    const interruption = options.signal === undefined ? interruptionOf({ isQuestion }) : undefined;
    const cancelSignal = options.signal ?? interruption?.signal;
    const result = await execa(this.binary.path, [...args], {
      ...this.#surroundings,
      reject: false,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(cancelSignal === undefined ? {} : { cancelSignal }),
    });
    interruption?.end(result.isCanceled);
    if (result.code === 'ENOENT') throw smolvmIsGone(this.binary.path);
    const { exitCode = 1, stdout, timedOut } = result;
    const given = interruption?.signal.aborted ? 'it hung, and was given up' : '';
    const late = timedOut ? `it did not end within ${(options.timeoutMs ?? 0) / 1000} s` : given;
    return { exitCode, stdout, stderr: result.stderr || late, isLate: timedOut };
  }
}

export function smolvmIsGone(path: string): BottleError {
  return new BottleError('smolvm-missing', `${path} no longer exists`, { hint: 'Install smolvm again.' });
}

function hung(code: ErrorCode, verb: string, deadlineMs: number): BottleError {
  return new BottleError(code, `smolvm ${verb} did not end within ${deadlineMs / 1000} s, and was ended`, {
    hint: 'See whether smolvm works by itself (`smolvm machine ls`), then try again.',
  });
}

function smolvmError(code: ErrorCode, verb: string, result: ExecResult): BottleError {
  const said = result.stderr.trim().split('\n').slice(-8).join('\n') || result.stdout.trim().slice(-400);
  if (/no space left on device/i.test(said)) {
    return new BottleError('disk-full', `smolvm ${verb}: the disk is full: ${said}`, {
      hint: 'Free some space, then try again.',
    });
  }
  return new BottleError(code, `smolvm ${verb} failed (exit ${result.exitCode}): ${said || 'no output'}`);
}
