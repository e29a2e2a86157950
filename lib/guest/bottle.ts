import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Duplex, Writable } from 'node:stream';
import { BottleError } from '../errors.ts';
import type { Plan } from '../plan/schema.ts';
import {
  type ExecOptions,
  type ExecResult,
  type PipeOptions,
  SmolvmClient,
  smolvmIsGone,
} from '../smolvm/client.ts';
import type { Agent, AgentUser } from './agent.ts';
import { MEMORY_DIRECTORY } from './environment.ts';
import { GuestSession } from './guest-session.ts';
import { agentCommand, sessionCommand, type Terminal } from './session.ts';
import { endOfSession } from './session-end.ts';
import { shellWord } from './shell-script.ts';
import { GUEST_TOOL, rootCommand } from './tool.ts';

/** The exit code of a command that a guest killed because it had just started. */
const KILLED = 137;

const SCRIPT_TIMEOUT_MS = 120_000;

export interface SessionOptions {
  /** The terminal of the operator, to which the guest's is made alike; without one, the command has pipes. */
  readonly terminal?: Terminal | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What asks the command to end when `signal` aborts; SIGTERM when absent. */
  readonly ending?: NodeJS.Signals | undefined;
}

export interface CopyOptions {
  /** Who writes and owns the file. In the agent's home, use `agent`: root would follow links planted there. */
  readonly as: 'root' | 'agent';
  /** Octal, such as `0600`. */
  readonly mode: string;
}

/** Where a copied file arrives; only root can enter. Not in memory: the file may be big. */
export const ARRIVALS = '/usr/libexec/bot-bottle/arrivals';

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
    return this.#client.exec(this.#machine, agentCommand(this.agent, command), options);
  }

  /**
   * Runs a command as the agent, with the agent's environment, `input` as its standard input, and `output` for what it
   * prints, as it comes. A non-zero exit code is a result, not an error. `output` is not ended.
   */
  pipeAsAgent(command: readonly string[], options: PipeOptions): Promise<Omit<ExecResult, 'stdout'>> {
    return this.#client.pipe(this.#machine, agentCommand(this.agent, command), options);
  }

  /**
   * Writes the archive of the guest's root to `output`, which is not ended. The guest runs on.
   * @returns as `pipeAsAgent`; `stderr` has a line for each path that changed meanwhile or stays out.
   */
  snapshot(output: Writable, signal: AbortSignal): Promise<Omit<ExecResult, 'stdout'>> {
    return this.#client.pipe(this.#machine, rootCommand([GUEST_TOOL, 'snapshot']), { output, signal });
  }

  /** Runs a command as the agent until `signal` aborts. @returns its standard input and output. */
  streamAsAgent(command: readonly string[], signal: AbortSignal): Duplex {
    return this.#client.stream(this.#machine, agentCommand(this.agent, command), signal);
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

  /**
   * Starts a command as the agent, on a terminal of the guest if one is described, and returns at once. It ends when
   * `signal` aborts, and when this process does, whose end the guest sees as the end of its instructions.
   */
  openSession(command: readonly string[], { terminal, signal, ending }: SessionOptions = {}): GuestSession {
    const report = `${MEMORY_DIRECTORY}/session-${randomUUID()}`;
    const child = this.#client.open(this.#machine, sessionCommand(this.agent, command, { terminal, report }));
    const session = new GuestSession({
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      ended: child.then((result) => {
        if (result.code === 'ENOENT') throw smolvmIsGone(this.#client.binary.path);
        const carried = result.exitCode ?? exitCodeOfSignal(result.signal);
        return carried === 0 || signal?.aborted ? carried : endOfSession(this, report, carried);
      }),
      kill: () => child.kill('SIGKILL'),
    });
    const end = () => void session.end(ending);
    signal?.addEventListener('abort', end, { once: true });
    void session.ended.catch(() => {}).then(() => signal?.removeEventListener('abort', end));
    if (signal?.aborted) end();
    return session;
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

/** The shell's convention: 128 plus the signal's number. */
function exitCodeOfSignal(signal: string | undefined): number {
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? 1 : 128 + number;
}
