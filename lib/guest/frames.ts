import type { TerminalSize } from './session.ts';

/**
 * What the host says to a session in the guest, whose program is `tool/session.c`: frames of a type, a length of four
 * bytes (big-endian), and that many bytes.
 */
function frame(type: string, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

/** Input of the command, or of its terminal. */
export function dataFrame(bytes: Uint8Array): Buffer {
  return frame('d', bytes);
}

/** The end of the input of a command without a terminal. */
export const END_FRAME = frame('e', Buffer.alloc(0));

/** The terminal's size. */
export function sizeFrame({ columns, rows }: TerminalSize): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(Math.min(columns, 0xffff), 0);
  size.writeUInt16BE(Math.min(rows, 0xffff), 2);
  return frame('r', size);
}

/** A signal, by number, for the command and all that runs in front of its terminal. */
export function signalFrame(number: number): Buffer {
  return frame('s', Buffer.from([number]));
}
