import { allowedModes, mayChange } from './modes.ts';
import type { Touched } from './touched.ts';

/** Bytes of a control sequence; terminals stop understanding earlier. */
export const LONGEST_CONTROL_SEQUENCE = 1024;

const GRAMMAR = /^([<=>?]?)([0-9;:]*)([ -/]*)([@-~])$/;

/** Larger numbers only serve to make a terminal work. */
const MOST_DIGITS = /[0-9]{6}/;

/** Repetitions of one character: more than any line is wide. */
const MOST_REPETITIONS = 1000;

/** Finals that only move, erase, insert, delete, scroll or color, whatever their numbers. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, byte) =>
  '@ABCDEFGHIJKLMPSXZ`adefm'.includes(String.fromCharCode(byte)) ? 1 : 0,
);
const [DIGIT_ZERO, DIGIT_NINE, SEMICOLON, QUESTION_MARK] = [0x30, 0x39, 0x3b, 0x3f];
const [COLORING, SETTING, RESETTING] = [0x6d, 0x68, 0x6c];

/**
 * Returns whether the control sequence, whose numbers are between `from` and `final`, is among the many that need no
 * further look: it draws, or changes one private mode.
 */
export function isHarmless(bytes: Uint8Array, from: number, final: number, touched: Touched): boolean {
  const last = bytes[final] as number;
  if (last === SETTING || last === RESETTING) return changesMode(bytes, from, final, touched);
  if (PLAIN[last] !== 1) return false;
  let digits = 0;
  for (let at = from; at < final; at += 1) {
    const byte = bytes[at] as number;
    if (byte < DIGIT_ZERO || byte > SEMICOLON) return false;
    digits = byte <= DIGIT_NINE ? digits + 1 : 0;
    if (digits > 5) return false;
  }
  if (last === COLORING) touched.attributes = true;
  return true;
}

function changesMode(bytes: Uint8Array, from: number, final: number, touched: Touched): boolean {
  if (bytes[from] !== QUESTION_MARK || from + 1 === final || final - from > 5) return false;
  let mode = 0;
  for (let at = from + 1; at < final; at += 1) {
    const byte = bytes[at] as number;
    if (byte < DIGIT_ZERO || byte > DIGIT_NINE) return false;
    mode = mode * 10 + byte - DIGIT_ZERO;
  }
  if (!mayChange(mode)) return false;
  touched.setPrivateMode(mode, bytes[final] === SETTING);
  return true;
}

type Rule = (numbers: string, touched: Touched) => string | undefined;

const only = (pattern: RegExp, query = false): Rule => {
  return (numbers, touched) => {
    if (!pattern.test(numbers) || (query && !touched.mayAsk)) return undefined;
    if (query) touched.queried = true;
    return numbers;
  };
};

/** By private prefix, intermediates and final. Each returns the numbers to pass on, or undefined to drop all. */
const RULES: Readonly<Record<string, Rule>> = {
  // With five numbers it would start a tracking of the mouse that hangs the terminal until it is answered.
  T: only(/^[0-9]*$/),
  b: (numbers) => (/^[0-9]*$/.test(numbers) && Number(numbers) <= MOST_REPETITIONS ? numbers : undefined),
  c: only(/^0?$/, true),
  '>c': only(/^0?$/, true),
  '>q': only(/^0?$/, true),
  n: only(/^[56]$/, true),
  // The cursor's place, and whether the terminal is dark or light.
  '?n': only(/^(6|996)$/, true),
  $p: only(/^[0-9]+$/, true),
  '?$p': only(/^[0-9]+$/, true),
  '?J': only(/^[0-3]?$/),
  '?K': only(/^[0-2]?$/),
  '!p': only(/^$/),
  h: (numbers, touched) => allowedModes('', numbers, true, touched),
  l: (numbers, touched) => allowedModes('', numbers, false, touched),
  '?h': (numbers, touched) => allowedModes('?', numbers, true, touched),
  '?l': (numbers, touched) => allowedModes('?', numbers, false, touched),
  g: (numbers, touched) => {
    touched.tabs = true;
    return /^[03]?$/.test(numbers) ? numbers : undefined;
  },
  r: (numbers, touched) => {
    touched.region = true;
    return /^[0-9]*(;[0-9]*)?$/.test(numbers) ? numbers : undefined;
  },
  s: (numbers, touched) => {
    touched.region = true;
    return /^[0-9]*(;[0-9]*)?$/.test(numbers) ? numbers : undefined;
  },
  u: only(/^$/),
  ' q': (numbers, touched) => {
    touched.cursorStyle = true;
    return /^[0-6]?$/.test(numbers) ? numbers : undefined;
  },
  // Which keys are reported how: XTMODKEYS and its question, then kitty's protocol.
  '>m': (numbers, touched) => {
    touched.modifiedKeys = true;
    return /^4(;[0-3]?)?$/.test(numbers) ? numbers : undefined;
  },
  '>n': only(/^4$/),
  '?m': only(/^4$/, true),
  '?u': only(/^$/, true),
  '>u': (numbers, touched) =>
    /^[0-9]{0,2}$/.test(numbers) && touched.pushKeys(numbers) ? numbers : undefined,
  '<u': (numbers, touched) => (/^[0-9]*$/.test(numbers) ? touched.popKeys(Number(numbers || 1)) : undefined),
  '=u': (numbers, touched) => {
    touched.keysSet = true;
    return /^[0-9]{0,2}(;[1-3]?)?$/.test(numbers) ? numbers : undefined;
  },
};

/**
 * Judges a control sequence, given without its introducer `ESC [`.
 * @returns what may reach the terminal, without the introducer; undefined for nothing.
 */
export function allowedControlSequence(text: string, touched: Touched): string | undefined {
  const [, prefix = '', numbers = '', intermediates = '', final = ''] = GRAMMAR.exec(text) ?? [];
  if (final === '' || MOST_DIGITS.test(numbers)) return undefined;
  const name = prefix + intermediates + final;
  const passed = Object.hasOwn(RULES, name) ? RULES[name]?.(numbers, touched) : undefined;
  if (passed === undefined || passed === numbers) return passed === undefined ? undefined : text;
  return prefix + passed + intermediates + final;
}
