import { allowedControlSequence, isHarmless, LONGEST_CONTROL_SEQUENCE } from './control-sequence.ts';
import { allowsEscape, RESET } from './escape-sequence.ts';
import { OpenString } from './open-string.ts';
import { allowsCommand } from './operating-command.ts';
import { Touched } from './touched.ts';
import { CONTROL, characterAt, PARTIAL } from './utf8.ts';

const [ENQ, SO, CAN, SUB, ESC] = [0x05, 0x0e, 0x18, 0x1a, 0x1b];
const [OPENING_BRACKET, CLOSING_BRACKET] = [0x5b, 0x5d];

/** DCS, SOS, PM and APC: strings of which nothing passes. */
const DROPPED_STRINGS = [0x50, 0x58, 0x5e, 0x5f];

/** Shown in place of a byte that is no UTF-8. */
const REPLACEMENT = Buffer.from('\ufffd');

/** 1 for bytes that pass as they are. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 && byte !== ENQ && byte !== SO && byte !== ESC ? 1 : 0,
);

const NOTHING = Buffer.alloc(0);

/** What happens to the bytes up to `#next`. */
type Verdict = 'pass' | 'drop' | 'replace' | 'wait';

export interface FilterOptions {
  /** Whether the agent may write to the clipboard. */
  readonly clipboard?: boolean;
  /** Written after the agent has reset the terminal, which takes the title with it. */
  readonly afterReset?: string;
  /** Whether questions pass, which the terminal answers as if its answers were typed; absent: they do. */
  readonly mayAsk?: boolean;
}

/**
 * Lets only what is known to be harmless pass to the terminal: text, and whole sequences of an allow list. What comes
 * out does not depend on how the output was cut into pieces. Memory is bounded.
 */
export class OutputFilter {
  readonly touched: Touched;
  readonly #clipboard: boolean;
  readonly #afterReset: string;
  /** The start of a character or sequence that goes on, at most `LONGEST_CONTROL_SEQUENCE` bytes. */
  #held: Buffer = NOTHING;
  #string: OpenString | undefined;
  /** Whether the rest of a sequence that cannot be allowed is being skipped. */
  #skips = false;
  #passed: Buffer[] = [];
  #next = 0;
  #instead: Buffer = NOTHING;

  constructor({ clipboard = false, afterReset = '', mayAsk = true }: FilterOptions = {}) {
    this.touched = new Touched(mayAsk);
    this.#clipboard = clipboard;
    this.#afterReset = afterReset;
  }

  /** @returns what may be written to the terminal now. */
  write(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    this.#passed = [];
    let from = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.#string !== undefined || this.#skips) {
        from = at =
          this.#string === undefined ? this.#skip(bytes, at) : this.#readString(bytes, at, this.#string);
        continue;
      }
      at = plainEnd(bytes, at);
      if (at >= bytes.length) break;
      const verdict = this.#judge(bytes, at);
      if (verdict === 'pass') {
        at = this.#next;
        continue;
      }
      this.#pass(bytes, from, at);
      if (verdict === 'replace') this.#passed.push(this.#instead);
      if (verdict === 'wait') this.#held = bytes.subarray(at);
      from = at = verdict === 'wait' ? bytes.length : this.#next;
    }
    this.#pass(bytes, from, bytes.length);
    return this.#passed.length === 1 ? (this.#passed[0] as Buffer) : Buffer.concat(this.#passed);
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    if (from < to) this.#passed.push(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  }

  /** Judges what begins at `at`, and sets `#next` to its end unless it is incomplete. */
  #judge(bytes: Buffer, at: number): Verdict {
    const byte = bytes[at] as number;
    if (byte === ESC) return this.#judgeEscape(bytes, at);
    this.#next = at + 1;
    if (byte === ENQ) return 'drop';
    if (byte === SO) {
      this.touched.charset = true;
      return 'pass';
    }
    const length = characterAt(bytes, at);
    if (length === PARTIAL) return 'wait';
    if (length !== CONTROL) return this.#replaceBy(REPLACEMENT);
    this.#next = at + 2;
    return 'drop';
  }

  #replaceBy(instead: Buffer): Verdict {
    this.#instead = instead;
    return 'replace';
  }

  #judgeEscape(bytes: Buffer, at: number): Verdict {
    if (at + 1 === bytes.length) return 'wait';
    const second = bytes[at + 1] as number;
    this.#next = at + 2;
    if (second === OPENING_BRACKET) return this.#judgeControl(bytes, at);
    if (second === CLOSING_BRACKET || DROPPED_STRINGS.includes(second)) {
      this.#string = new OpenString(second === CLOSING_BRACKET, this.#clipboard);
      return 'drop';
    }
    if (isIntermediate(second)) {
      if (at + 2 === bytes.length) return 'wait';
      const third = bytes[at + 2] as number;
      this.#skips = isIntermediate(third);
      // Whatever else cannot end a sequence begins anew.
      this.#next = third < 0x20 || third > 0x7e ? at + 2 : at + 3;
    }
    if (second < 0x20 || second > 0x7e) this.#next = at + 1;
    const text = bytes.toString('latin1', at + 1, this.#next);
    if (this.#skips || !allowsEscape(text, this.touched)) return 'drop';
    return text === RESET ? this.#replaceBy(Buffer.from(`\u001b${RESET}${this.#afterReset}`)) : 'pass';
  }

  #judgeControl(bytes: Buffer, at: number): Verdict {
    let index = at + 2;
    while (index < bytes.length && isParameter(bytes[index] as number)) index += 1;
    if (index - at > LONGEST_CONTROL_SEQUENCE) return this.#skipFrom(index);
    if (index === bytes.length) return 'wait';
    const final = bytes[index] as number;
    if (final < 0x40 || final > 0x7e) return this.#skipFrom(index);
    this.#next = index + 1;
    if (isHarmless(bytes, at + 2, index, this.touched)) return 'pass';
    const text = bytes.toString('latin1', at + 2, index + 1);
    const allowed = allowedControlSequence(text, this.touched);
    if (allowed === undefined) return 'drop';
    return allowed === text ? 'pass' : this.#replaceBy(Buffer.from(`\u001b[${allowed}`));
  }

  #skipFrom(index: number): Verdict {
    this.#next = index;
    this.#skips = true;
    return 'drop';
  }

  /** Returns where the sequence that is skipped ends. */
  #skip(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      const isFinal = byte >= 0x40 && byte <= 0x7e;
      if (!isFinal && byte !== ESC && byte !== CAN && byte !== SUB) continue;
      this.#skips = false;
      return byte === ESC ? at : at + 1;
    }
    return bytes.length;
  }

  #readString(bytes: Buffer, at: number, string: OpenString): number {
    const end = string.read(bytes, at);
    if (end.kind === 'open') return bytes.length;
    if (end.kind === 'undecided') {
      this.#held = bytes.subarray(bytes.length - 1);
      return bytes.length;
    }
    this.#string = undefined;
    const { text } = string;
    if (end.kind === 'ended' && text !== undefined && allowsCommand(text, this.touched, this.#clipboard))
      this.#passed.push(Buffer.from(`\u001b]${text}${end.terminator}`));
    return end.next;
  }
}

/** Returns where bytes end that pass as they are. A loop of its own, since it reads almost all of the output. */
function plainEnd(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  for (let at = from; at < length; ) {
    const byte = bytes[at] as number;
    if (PLAIN[byte] === 1) {
      at += 1;
      continue;
    }
    const size = byte < 0x80 ? 0 : characterAt(bytes, at);
    if (size <= 0) return at;
    at += size;
  }
  return length;
}

function isIntermediate(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x2f;
}

/** Parameters and intermediates of a control sequence. */
function isParameter(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x3f;
}
