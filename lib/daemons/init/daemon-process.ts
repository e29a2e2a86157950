import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonName } from '../contract/daemons.ts';
import type { DaemonHealth } from '../contract/init/health.ts';
import { acceptsConnections } from './accepts-connections.ts';
import { prefixLines } from './prefix-lines.ts';
import type { Timings } from './timings.ts';

export interface DaemonSpec {
  readonly name: DaemonName;
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  /** TCP port on 127.0.0.1 that accepts once the daemon is ready. */
  readonly port: number;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DaemonHost {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly timings: Timings;
  /** Called at every change of a daemon's health. */
  readonly changed: () => void;
  readonly log: (line: string) => void;
}

/** Milliseconds that the last lines of a dead process may take to arrive. */
const LAST_WORDS_MS = 200;

interface Run {
  readonly child: ChildProcess;
  readonly startedAt: number;
  /** Resolves when the process is gone and its output was read. */
  readonly over: Promise<unknown>;
}

/** One daemon process: started, watched, started again when it dies, stopped with grace. */
export class DaemonProcess {
  readonly spec: DaemonSpec;
  readonly #host: DaemonHost;
  #run: Run | undefined;
  #health: DaemonHealth;
  #wanted = false;
  #retired = false;
  #backoffMs: number;
  #retry: NodeJS.Timeout | undefined;
  #reloadWhenReady = false;

  constructor(spec: DaemonSpec, host: DaemonHost) {
    this.spec = spec;
    this.#host = host;
    this.#backoffMs = host.timings.backoffMs;
    this.#health = { name: spec.name, state: 'stopped', pid: null, starts: 0, lastExit: null };
  }

  get health(): DaemonHealth {
    return this.#health;
  }

  start(): void {
    if (this.#retired) return;
    this.#wanted = true;
    this.#spawn();
  }

  /** Passes HUP on; to a daemon that is still starting, once it is ready: before, HUP would end it. */
  reload(): void {
    if (this.#health.state === 'ready') this.#run?.child.kill('SIGHUP');
    else this.#reloadWhenReady = true;
  }

  /** Stops for good: nothing starts this daemon again, not even a restart that is under way. */
  async retire(signal: NodeJS.Signals): Promise<void> {
    this.#retired = true;
    await this.#stop(signal);
  }

  /**
   * Stops the process and starts a new one; not to be called again before it settles.
   * @returns the new process id, once the port accepts. @throws Error when it does not in time.
   */
  async restart(): Promise<number> {
    await this.#stop('SIGTERM');
    this.#backoffMs = this.#host.timings.backoffMs;
    this.start();
    const deadline = Date.now() + this.#host.timings.restartMs;
    while (Date.now() < deadline && !this.#retired) {
      const { state, pid } = this.#health;
      if (state === 'ready' && pid !== null) return pid;
      await sleep(this.#host.timings.pollMs);
    }
    throw new Error(`${this.spec.name} was started again but accepts no connection; see its log`);
  }

  /** Sends `signal`, waits for the grace period, then kills. Resolves when no process is left. */
  async #stop(signal: NodeJS.Signals): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#retry);
    const run = this.#run;
    if (run !== undefined) {
      run.child.kill(signal);
      const { graceMs } = this.#host.timings;
      const killer = setTimeout(() => {
        this.#host.log(`${this.spec.name} did not end within ${graceMs} ms of ${signal}: killed`);
        run.child.kill('SIGKILL');
      }, graceMs);
      await run.over;
      clearTimeout(killer);
    }
    this.#set({ state: 'stopped', pid: null });
  }

  #spawn(): void {
    const [program, ...args] = this.spec.command;
    const child = spawn(program, args, {
      env: { ...this.spec.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    prefixLines(child.stdout, this.#host.stdout, `[${this.spec.name}] `);
    prefixLines(child.stderr, this.#host.stderr, `[${this.spec.name}] `);

    const ended = Promise.withResolvers<void>();
    const closed = new Promise((resolve) => child.once('close', resolve));
    const over = ended.promise.then(() => Promise.race([closed, sleep(LAST_WORDS_MS)]));
    const run: Run = { child, startedAt: Date.now(), over };
    this.#run = run;
    this.#set({ state: 'starting', pid: child.pid ?? null, starts: this.#health.starts + 1 });

    const end = (how: number | string) => {
      ended.resolve();
      if (this.#run === run) this.#ended(run, how);
    };
    child.once('exit', (code, signal) => end(signal ?? code ?? 0));
    child.on('error', (error) => {
      this.#host.log(`${this.spec.name}: ${error.message}`);
      if (child.pid === undefined) end('not started');
    });
    void this.#watchPort(run);
  }

  async #watchPort(run: Run): Promise<void> {
    while (this.#run === run && !(await acceptsConnections(this.spec.port))) {
      await sleep(this.#host.timings.pollMs);
    }
    if (this.#run !== run || !this.#wanted) return;
    this.#set({ state: 'ready' });
    if (this.#reloadWhenReady) this.reload();
    this.#reloadWhenReady = false;
  }

  #ended(run: Run, lastExit: number | string): void {
    this.#run = undefined;
    this.#set({ state: this.#wanted ? 'failed' : 'stopped', pid: null, lastExit });
    if (!this.#wanted) return;

    const { backoffMs, backoffMaxMs, settledMs } = this.#host.timings;
    if (Date.now() - run.startedAt > settledMs) this.#backoffMs = backoffMs;
    this.#host.log(`${this.spec.name} died (${lastExit}); starting it again in ${this.#backoffMs} ms`);
    this.#retry = setTimeout(() => this.#spawn(), this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, backoffMaxMs);
  }

  #set(change: Partial<DaemonHealth>): void {
    this.#health = { ...this.#health, ...change };
    this.#host.changed();
  }
}
