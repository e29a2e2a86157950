import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import type { Plan } from '../plan/schema.ts';
import { type ExecOptions, type ExecResult, type PipeOptions, SmolvmClient } from '../smolvm/client.ts';
import { hostEnvironment } from '../smolvm/host-environment.ts';
import type { Agent, AgentUser } from './agent.ts';
import { sessionCommand, type Terminal } from './session.ts';
import { shellWord } from './shell-script.ts';
import { GUEST_TOOL, rootCommand } from './tool.ts';

/** The exit code of a command that a guest killed because it had just started. */
const KILLED = 137;

const SCRIPT_TIMEOUT_MS = 120_000;

/** Milliseconds between TERM and KILL for an interrupted session. */
const SESSION_GRACE_MS = 5_000;

/** The exit code of `timeout` (GNU coreutils) for a command that took too long. */
const TIMED_OUT = 124;

export interface SessionOptions {
  readonly signal: AbortSignal;
  /** The command's whole standard input; this process's own when absent. */
  readonly input?: string | undefined;
  /** Milliseconds; unlimited when absent. */
  readonly timeoutMs?: number | undefined;
}

export interface CopyOptions {
  /** Who writes and owns the file. In the agent's home, use `agent`: root would follow links planted there. */
  readonly as: 'root' | 'agent';
  /** Octal, such as `0600`. */
  readonly mode: string;
}

/** Where a copied file arrives; only root can enter. Not in memory: the file may be big. */
const ARRIVALS = '/usr/libexec/bot-bottle/arrivals';

export type BottleAgent = Readonly<AgentUser & Pick<Agent, 'directory'>>;

/**
 * Handle of a running guest. Phases, provisioners and commands do everything in a guest through it, so that
 * no other code needs machine names or smolvm verbs.
 */
export class Bottle {
  readonly slug: string;
  /** The agent's user in the guest. */
  readonly agent: BottleAgent;
  readonly #client: SmolvmClient;
  readonly #machine: string;

  /** @param agent as `build-image` has recorded it. */
  constructor(plan: Pick<Plan, 'slug' | 'smolvm' | 'names'>, agent: BottleAgent) {
    this.slug = plan.slug;
    this.agent = agent;
    this.#client = new SmolvmClient(plan.smolvm);
    this.#machine = plan.names.machine;
  }

  /**
   * Runs a command in the guest as root and captures its output. Its PATH holds directories of the system only.
   * A non-zero exit code is a result, not an error.
   */
  exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return this.#client.exec(this.#machine, rootCommand(command), options);
  }

  /** Runs a command as the agent, with the agent's environment, and captures its output. */
  execAsAgent(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return this.#client.exec(this.#machine, sessionCommand(this.agent, command), options);
  }

  /**
   * Runs a command as the agent, with the agent's environment, `input` as its standard input, and `output` for what it
   * prints, as it comes. A non-zero exit code is a result, not an error. `output` is not ended.
   */
  pipeAsAgent(command: readonly string[], options: PipeOptions): Promise<Omit<ExecResult, 'stdout'>> {
    return this.#client.pipe(this.#machine, sessionCommand(this.agent, command), options);
  }

  /** Runs a command as the agent until `signal` aborts. @returns its standard input and output. */
  streamAsAgent(command: readonly string[], signal: AbortSignal): Duplex {
    return this.#client.stream(this.#machine, sessionCommand(this.agent, command), signal);
  }

  /**
   * Runs a shell script in the guest as root. It is passed through a pipe, so that no command line reveals
   * it. It must be safe to run twice, since a just-started guest may kill it.
   * @returns its stdout.
   * @throws BottleError `guest-failed`, naming the `purpose`, when the script fails.
   */
  async runScript(purpose: string, script: string): Promise<string> {
    const run = () => this.exec(['/bin/sh', '-s'], { input: script, timeoutMs: SCRIPT_TIMEOUT_MS });
    let result = await run();
    if (result.exitCode === KILLED) result = await run();
    if (result.exitCode === 0) return result.stdout;
    const lastLines = result.stderr.trim().split('\n').slice(-5).join('\n');
    throw new BottleError(
      'guest-failed',
      `${purpose} failed in the guest (exit ${result.exitCode}): ${lastLines}`,
    );
  }

  /** Returns the host's command line for running a command as the agent, in `terminal` if given. */
  agentArgv(command: readonly string[], terminal?: Terminal): [program: string, ...args: string[]] {
    const inGuest = sessionCommand(this.agent, command, terminal);
    const args = this.#client.execArguments(this.#machine, inGuest, terminal !== undefined);
    return [this.#client.binary.path, ...args];
  }

  /**
   * Runs a command as the agent on this process's streams, with a terminal if there is one and no `input` is given.
   * @returns the exit code; 128 plus the signal's number for a command that a signal killed, 124 after `timeoutMs`.
   */
  async execAgent(command: readonly string[], options: SessionOptions): Promise<number> {
    const { input, signal, timeoutMs } = options;
    const [program, ...args] = this.agentArgv(command, input === undefined ? hostTerminal() : undefined);
    const result = await execa(program, args, {
      ...(input === undefined ? { stdin: 'inherit' as const } : { input }),
      ...{ stdout: 'inherit', stderr: 'inherit' },
      reject: false,
      env: hostEnvironment(),
      extendEnv: false,
      cancelSignal: signal,
      forceKillAfterDelay: SESSION_GRACE_MS,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    if (result.timedOut) return TIMED_OUT;
    return result.exitCode ?? exitCodeOfSignal(result.signal);
  }

  /**
   * Copies one regular file into the guest, and makes missing directories above it.
   * @throws BottleError `guest-failed`
   */
  async cpIn(hostFile: string, guestPath: string, { as, mode }: CopyOptions): Promise<void> {
    const purpose = `copying to ${guestPath}`;
    const arrived = `${ARRIVALS}/${randomUUID()}`;
    await this.runScript(purpose, `mkdir -p -m 0700 ${ARRIVALS}`);
    // smolvm writes as root, wherever a link may lead, and discards owner and mode.
    await withoutColon(resolve(hostFile), (file) => this.#client.machineCopyIn(this.#machine, file, arrived));
    const write = ['write', '-r', ...(as === 'agent' ? ['-u', this.agent.user] : []), mode, guestPath];
    const script = [
      `trap 'rm -f ${arrived}' EXIT`,
      `${[GUEST_TOOL, ...write.map(shellWord)].join(' ')} < ${arrived}`,
    ];
    await this.runScript(purpose, script.join('\n'));
  }

  /** Copies one regular file out of the guest. @throws BottleError `guest-failed` */
  async cpOut(guestPath: string, hostFile: string): Promise<void> {
    await this.#client.machineCopyOut(this.#machine, guestPath, resolve(hostFile));
  }
}

/** smolvm reads a path with a colon as `MACHINE:PATH`, so such a file is copied through a symbolic link. */
async function withoutColon<T>(file: string, work: (file: string) => Promise<T>): Promise<T> {
  if (!file.includes(':')) return work(file);
  const directory = await mkdtemp(join(tmpdir(), 'bot-bottle-copy-'));
  try {
    const link = join(directory, 'file');
    await symlink(file, link);
    return await work(link);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function hostTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  const { columns, rows } = process.stdout;
  return { columns, rows, type: process.env.TERM ?? 'xterm-256color' };
}

/** The shell's convention: 128 plus the signal's number. */
function exitCodeOfSignal(signal: string | undefined): number {
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? 1 : 128 + number;
}
