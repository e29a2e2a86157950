import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFrame, END_FRAME, signalFrame, sizeFrame } from './frames.ts';
import type { TerminalSize } from './session.ts';

/** Milliseconds between asking a session to end and killing it. */
const GRACE_MS = 10_000;

/** Milliseconds that the guest has to report the end of what was killed. */
const REPORT_MS = 3_000;

/** The process that carries a session: a `smolvm machine exec`. */
export interface Carrier {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code of smolvm, which is the command's. */
  readonly ended: Promise<number>;
  kill(): void;
}

/** A command of the agent that is running in the guest, with or without a terminal there. */
export class GuestSession {
  /** What it prints; from a terminal, with the errors. Must be read for the session to go on. */
  readonly output: Readable;
  readonly errorOutput: Readable;
  /** The command's exit code; 128 plus the signal's number when a signal killed it. */
  readonly ended: Promise<number>;
  readonly #carrier: Carrier;
  #isOver = false;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
    this.output = carrier.stdout;
    this.errorOutput = carrier.stderr;
    // The command may end before it has read its input.
    carrier.stdin.on('error', () => {});
    this.ended = carrier.ended.finally(() => {
      this.#isOver = true;
    });
    this.ended.catch(() => {});
  }

  /** Types on its terminal, or writes to its input. @returns whether more can be taken without waiting for `drained`. */
  write(bytes: Uint8Array): boolean {
    return this.#send(dataFrame(bytes));
  }

  /** Resolves when more input can be taken, or the session has ended. */
  async drained(): Promise<void> {
    const { stdin } = this.#carrier;
    if (!stdin.writableNeedDrain) return;
    const drained = new Promise((resolve) => stdin.once('drain', resolve));
    await Promise.race([drained, this.ended.catch(() => {})]);
  }

  /** Ends the input of a command without a terminal. */
  endInput(): void {
    this.#send(END_FRAME);
  }

  resize(size: TerminalSize): void {
    this.#send(sizeFrame(size));
  }

  /** Sends a signal, by name, to the command and to what runs in front of its terminal. */
  signal(name: NodeJS.Signals): void {
    this.#send(signalFrame(constants.signals[name]));
  }

  /** Asks it to end, with a signal, and kills it after ten seconds. Resolves when it has ended. */
  async end(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const over = this.ended.then(
      () => true,
      () => true,
    );
    const within = (milliseconds: number) => Promise.race([over, sleep(milliseconds, false, { ref: false })]);
    this.signal(name);
    this.signal('SIGCONT');
    if (await within(GRACE_MS)) return;
    this.signal('SIGKILL');
    if (await within(REPORT_MS)) return;
    this.#carrier.kill();
    await over;
  }

  #send(bytes: Buffer): boolean {
    if (this.#isOver || !this.#carrier.stdin.writable) return true;
    return this.#carrier.stdin.write(bytes);
  }
}
