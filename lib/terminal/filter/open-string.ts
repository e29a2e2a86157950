import { CLIPBOARD, LONGEST_CLIPBOARD, LONGEST_COMMAND } from './operating-command.ts';

const [BEL, CAN, SUB, ESC, BACKSLASH] = [0x07, 0x18, 0x1a, 0x1b, 0x5c];

/** How reading a string ended: with a terminator, cut short by what follows, or not yet. */
export type StringEnd =
  | { readonly kind: 'ended'; readonly next: number; readonly terminator: string }
  | { readonly kind: 'aborted'; readonly next: number }
  | { readonly kind: 'open' }
  /** The last byte is an ESC that may begin the terminator. */
  | { readonly kind: 'undecided' };

/** A string of a terminal whose end has not been read. Keeps the text of a command, up to a limit. */
export class OpenString {
  /** What was read of an operating system command; undefined for what is dropped. */
  text: string | undefined;
  readonly #isCommand: boolean;
  readonly #clipboard: boolean;

  constructor(isCommand: boolean, clipboard: boolean) {
    this.text = isCommand ? '' : undefined;
    this.#isCommand = isCommand;
    this.#clipboard = clipboard;
  }

  /** Reads from `at` to the string's end or that of `bytes`. */
  read(bytes: Buffer, at: number): StringEnd {
    for (let index = at; index < bytes.length; index += 1) {
      const byte = bytes[index] as number;
      if (byte > ESC || (byte !== ESC && byte !== BEL && byte !== CAN && byte !== SUB)) continue;
      if (byte === BEL && !this.#isCommand) continue;
      this.#keep(bytes, at, index);
      if (byte === BEL) return { kind: 'ended', next: index + 1, terminator: '\u0007' };
      if (byte !== ESC) return { kind: 'aborted', next: index + 1 };
      if (index + 1 === bytes.length) return { kind: 'undecided' };
      const isEnd = bytes[index + 1] === BACKSLASH;
      return isEnd
        ? { kind: 'ended', next: index + 2, terminator: '\u001b\\' }
        : { kind: 'aborted', next: index };
    }
    this.#keep(bytes, at, bytes.length);
    return { kind: 'open' };
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.text === undefined) return;
    const size = this.text.length + to - from;
    if (size > LONGEST_CLIPBOARD) {
      this.text = undefined;
      return;
    }
    this.text += bytes.toString('latin1', from, to);
    const isLong = this.#clipboard && this.text.startsWith(CLIPBOARD);
    if (size > LONGEST_COMMAND && !isLong) this.text = undefined;
  }
}
