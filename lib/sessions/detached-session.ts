import { once } from 'node:events';
import { chmod, rm, rmdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { makeSocketDirectory, socketDirectory } from '../bottle/socket-directory.ts';
import { dataFrame } from '../guest/frames.ts';
import type { GuestSession } from '../guest/guest-session.ts';
import type { TerminalSize } from '../guest/session.ts';
import { FrameReader } from './frame-reader.ts';
import { type Notices, noticeText } from './notices.ts';
import type { OutputLog } from './output-log.ts';
import { Screen } from './screen.ts';
import { busyFrame, exitedFrame, sessionSocket } from './session-socket.ts';
import { writeAll } from './write-all.ts';

/** The size until someone joins. */
export const FIRST_SIZE: TerminalSize = { columns: 80, rows: 24 };

export interface DetachedOptions {
  readonly slug: string;
  readonly id: string;
  readonly clipboard: boolean;
  readonly log: OutputLog;
  /** Shown on the terminal that has joined. */
  readonly notices: Notices;
}

/**
 * Holds a session that goes on without a terminal, and lets one terminal at a time join it through a Unix socket
 * that only the operator can open.
 */
export class DetachedSession {
  readonly #session: GuestSession;
  readonly #options: DetachedOptions;
  readonly #screen: Screen;
  readonly #server = createServer((socket) => this.#greet(socket));
  #joined: Socket | undefined;

  constructor(session: GuestSession, options: DetachedOptions) {
    this.#session = session;
    this.#options = options;
    this.#screen = new Screen(FIRST_SIZE, options.clipboard, (answer) => {
      // A terminal that has joined answers itself.
      if (this.#joined === undefined) session.write(Buffer.from(answer));
    });
  }

  /** Lets terminals join from now on. */
  async listen(): Promise<void> {
    const { slug, id } = this.#options;
    await makeSocketDirectory(slug);
    const path = sessionSocket(slug, id);
    this.#server.listen(path);
    await once(this.#server, 'listening');
    await chmod(path, 0o600);
  }

  /** Holds the session until its end. @returns its exit code. */
  async hold(): Promise<number> {
    const unhook = this.#options.notices.showBy((text) => {
      this.#joined?.write(dataFrame(Buffer.from(noticeText(text, this.#screen.isDrawn))));
    });
    try {
      for await (const chunk of this.#session.output) await this.#show(chunk);
      const exitCode = await this.#session.ended;
      this.#joined?.end(exitedFrame(exitCode));
      return exitCode;
    } finally {
      unhook();
      this.#server.close();
      const { slug, id } = this.#options;
      await rm(sessionSocket(slug, id), { force: true });
      // Where the guest's own sockets are in it, it stays until teardown.
      await rmdir(socketDirectory(slug)).catch(() => {});
    }
  }

  async #show(chunk: Buffer): Promise<void> {
    const joined = this.#joined;
    const passed = await this.#screen.draw(chunk);
    this.#options.log.write(passed);
    // One that has joined meanwhile was shown this with the rest of the screen.
    if (joined !== undefined && joined === this.#joined) await writeAll(joined, dataFrame(passed));
  }

  #greet(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#joined !== undefined) {
      socket.end(busyFrame());
      return;
    }
    this.#joined = socket;
    const reader = new FrameReader();
    let isShown = false;
    const leave = () => {
      if (this.#joined === socket) this.#joined = undefined;
    };
    socket.on('close', leave).on('end', () => socket.end());
    socket.on('data', (chunk) => {
      for (const { type, payload } of reader.read(chunk)) {
        if (type === 'd') this.#session.write(payload);
        if (type === 'r' && payload.length === 4) {
          this.#resize({ columns: payload.readUInt16BE(0), rows: payload.readUInt16BE(2) });
          // The first size is the terminal's greeting.
          if (!isShown) socket.write(dataFrame(this.#screen.replay()));
          isShown = true;
        }
      }
    });
  }

  #resize(size: TerminalSize): void {
    this.#screen.resize(size);
    this.#session.resize(size);
  }
}
