import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { bottlePaths } from '../bottle/paths.ts';
import { BottleError } from '../errors.ts';
import { dataFrame, sizeFrame } from '../guest/frames.ts';
import type { TerminalSize } from '../guest/session.ts';
import { FrameReader } from './frame-reader.ts';
import { terminalSize } from './host-terminal.ts';
import { LeaveKeys } from './leave-keys.ts';
import type { Looks } from './looks.ts';
import { type Shown, showOnTerminal } from './on-terminal.ts';
import { listSessions } from './registry.ts';
import { BUSY, EXITED, sessionSocket } from './session-socket.ts';
import { drained } from './write-all.ts';

/** How the operator's part in a session ended. */
export type Joined =
  | { readonly kind: 'ended'; readonly exitCode: number }
  /** The session goes on without this terminal. */
  | { readonly kind: 'left' };

/**
 * Joins a detached session of a bottle that no terminal holds, until it ends, the operator leaves, or `signal` aborts.
 * @param say is called before the terminal is taken.
 * @returns undefined when there is no such session.
 * @throws BottleError `guest-failed` when the holder of the session dies.
 */
export async function joinSession(
  slug: string,
  looks: Looks,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Joined | undefined> {
  for (const { id, detached } of await listSessions(slug)) {
    if (!detached) continue;
    const seat = await takeSeat(sessionSocket(slug, id));
    if (seat === undefined) continue;
    say('joining the session; press Ctrl-] twice to leave it running');
    signal.addEventListener('abort', () => seat.leave(), { once: true });
    if (signal.aborted) seat.leave();
    await showOnTerminal(seat, looks);
    if (seat.exitCode !== undefined) return { kind: 'ended', exitCode: seat.exitCode };
    if (seat.hasLeft) return { kind: 'left' };
    throw new BottleError(
      'guest-failed',
      'the process that held the session has died, and the session with it',
      {
        hint: `Its log is ${join(bottlePaths.sessions(slug), 'holder.log')}.`,
      },
    );
  }
  return undefined;
}

/** Resolves with the first thing that the holder sends; undefined when the session cannot be joined. */
async function takeSeat(path: string): Promise<Seat | undefined> {
  const socket = connect(path);
  socket.on('error', () => socket.destroy());
  const seat = new Seat(socket);
  return (await seat.isTaken) ? seat : undefined;
}

/** A terminal's place at a detached session. */
class Seat implements Shown {
  readonly output = new PassThrough();
  /** Undefined unless the session has ended. */
  exitCode: number | undefined;
  /** Whether the operator has left. */
  hasLeft = false;
  /** Whether this terminal holds the session now. */
  readonly isTaken: Promise<boolean>;
  readonly #socket: Socket;
  readonly #keys = new LeaveKeys();

  constructor(socket: Socket) {
    this.#socket = socket;
    const taken = Promise.withResolvers<boolean>();
    this.isTaken = taken.promise;
    const reader = new FrameReader();
    socket.once('connect', () => this.resize(terminalSize()));
    socket.on('close', () => {
      taken.resolve(false);
      this.output.end();
    });
    socket.on('data', (chunk) => {
      for (const { type, payload } of reader.read(chunk)) {
        taken.resolve(type !== BUSY);
        if (type === 'd' && !this.output.write(payload)) {
          socket.pause();
          this.output.once('drain', () => socket.resume());
        }
        if (type === EXITED) this.exitCode = payload[0];
      }
    });
  }

  write(keys: Uint8Array): boolean {
    if (this.#keys.see(Buffer.from(keys))) {
      this.leave();
      return true;
    }
    return !this.#socket.writable || this.#socket.write(dataFrame(keys));
  }

  drained(): Promise<void> {
    return drained(this.#socket);
  }

  resize(size: TerminalSize): void {
    if (this.#socket.writable) this.#socket.write(sizeFrame(size));
  }

  leave(): void {
    this.hasLeft = true;
    this.#socket.destroy();
  }
}
