import { join } from 'node:path';
import { socketDirectory } from '../bottle/socket-directory.ts';
import { dataFrame } from '../guest/frames.ts';

/** Frames from the holder of a detached session to a terminal: `d` output, and these. */
export const EXITED = 'x';
export const BUSY = 'b';

export function sessionSocket(slug: string, id: string): string {
  return join(socketDirectory(slug), `${id}.sock`);
}

/** The session has ended, with this exit code. */
export function exitedFrame(exitCode: number): Buffer {
  return retyped(EXITED, Buffer.from([exitCode & 0xff]));
}

/** Another terminal holds the session. */
export function busyFrame(): Buffer {
  return retyped(BUSY, Buffer.alloc(0));
}

function retyped(type: string, payload: Buffer): Buffer {
  const frame = dataFrame(payload);
  frame.write(type, 0, 'latin1');
  return frame;
}
