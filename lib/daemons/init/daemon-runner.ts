import type { Writable } from 'node:stream';
import type { ControlReply, ControlRequest } from '../contract/init/control.ts';
import type { BundleHealth } from '../contract/init/health.ts';
import { listenForControl } from './control-server.ts';
import { DaemonProcess, type DaemonSpec } from './daemon-process.ts';
import { HealthFile } from './health-file.ts';
import type { Timings } from './timings.ts';

export interface DaemonRunnerOptions {
  readonly daemons: readonly DaemonSpec[];
  /** Path of the health file. */
  readonly health: string;
  /** Path of the control socket. */
  readonly control: string;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly timings: Timings;
}

/** Runs all daemons of a bundle and keeps the health file true to them. */
export class DaemonRunner {
  readonly #options: DaemonRunnerOptions;
  readonly #daemons: readonly DaemonProcess[];
  readonly #healthFile: HealthFile;
  readonly #startedAt = Date.now();
  #saidReady = false;
  #stopping: Promise<void> | undefined;
  /** Requested restarts take turns: two at once on one daemon would leave two processes. */
  #restarts: Promise<unknown> = Promise.resolve();
  #control: { close(): void } | undefined;

  constructor(options: DaemonRunnerOptions) {
    this.#options = options;
    this.#healthFile = new HealthFile(options.health);
    this.#daemons = options.daemons.map(
      (spec) =>
        new DaemonProcess(spec, {
          stdout: options.stdout,
          stderr: options.stderr,
          timings: options.timings,
          changed: () => this.#report(),
          log: (line) => this.#log(line),
        }),
    );
  }

  /** @throws Error when the run directory cannot be written: then no daemon was started. */
  async start(): Promise<void> {
    await this.#healthFile.write(this.#health());
    this.#control = await listenForControl(this.#options.control, (request) => this.#answer(request));
    for (const daemon of this.#daemons) daemon.start();
    this.#report();
  }

  /** Lets every daemon read its configuration again. */
  reload(): void {
    for (const daemon of this.#daemons) daemon.reload();
  }

  /** Stops every daemon at the same time; resolves when none is left. Later calls join the first. */
  stop(signal: NodeJS.Signals): Promise<void> {
    this.#stopping ??= this.#stopAll(signal);
    return this.#stopping;
  }

  async #stopAll(signal: NodeJS.Signals): Promise<void> {
    this.#control?.close();
    await Promise.all(this.#daemons.map((daemon) => daemon.retire(signal)));
    await this.#healthFile.write({ ...this.#health(), ready: false });
  }

  async #answer(request: ControlRequest): Promise<ControlReply> {
    const daemon = this.#daemons.find((candidate) => candidate.spec.name === request.restart);
    if (daemon === undefined) return { ok: false, error: `${request.restart} does not run in this bundle` };
    if (this.#stopping !== undefined) return { ok: false, error: 'the bundle is stopping' };
    const turn = this.#restarts.then(() => {
      this.#log(`restarting ${request.restart} on request`);
      return daemon.restart();
    });
    this.#restarts = turn.catch(() => undefined);
    return { ok: true, restarted: request.restart, pid: await turn };
  }

  #health(): BundleHealth {
    const daemons = this.#daemons.map((daemon) => daemon.health);
    return { ready: daemons.every((daemon) => daemon.state === 'ready'), daemons };
  }

  #report(): void {
    const health = this.#health();
    if (health.ready && !this.#saidReady) {
      this.#saidReady = true;
      this.#log(`ready after ${Date.now() - this.#startedAt} ms`);
    }
    this.#healthFile.write(health).catch((error: Error) => this.#log(`health file: ${error.message}`));
  }

  #log(line: string): void {
    this.#options.stderr.write(`[init] ${line}\n`);
  }
}
