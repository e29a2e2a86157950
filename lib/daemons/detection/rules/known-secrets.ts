import { ProjectedSearch } from '../search/projected-search.ts';
import { SkipSearch } from '../search/skip-search.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { disguisesOf, reversed, rotated } from './disguises.ts';

/** Shorter values are found only as they are: their fragments could be anything. */
const MIN_PROJECTED = 12;

/** The disguises of shorter values are not distinctive enough. */
const MIN_DISGUISED = 8;

/** Minimum length, in characters, of a disguise that is searched for as it is. */
const MIN_LITERAL = 10;

/** Length of a run of letters and digits that reveals a long secret. Any part twice as long contains one. */
const FRAGMENT = 12;

/** Values of at least this many characters share one search; shorter ones would slow it down. */
const MIN_SKIPPED = 8;

/** Strings that reveal one secret in a text. */
interface Needles {
  /** The value and its encodings, searched for in the text itself. */
  readonly literal: readonly string[];
  /** Disguises with too few letters and digits to be projected. */
  readonly disguised: readonly string[];
  /** Letters and digits only, searched for in the letters and digits of the text. */
  readonly projected: readonly string[];
}

/** A text and its bytes. Bytes after `length` are unrelated. */
export type Searched = Pick<TextBytes, 'text' | 'bytes' | 'length'>;

/** Returns the known secrets in a text: all of them if `exhaustive`, otherwise only the most likely one. */
export type KnownSecretFinder = (text: Searched, exhaustive: boolean) => readonly KnownFind[];

export interface KnownFind {
  readonly value: string;
  /**
   * Whether `value` occurs unchanged and is the whole secret. Around a scattered or partial one, there may be
   * more of it.
   */
  readonly isWhole: boolean;
}

/**
 * Searches for the values as they are, as common tools disguise them, with anything inserted between their
 * characters, and in part. The closure exposes the values in no other way.
 */
export function knownSecretFinder(values: Iterable<string>): KnownSecretFinder {
  const needles = [...values].map(needlesOf);
  const literals = [...new Set(needles.flatMap(({ literal, disguised }) => [...literal, ...disguised]))];
  const search = literalsFinder(literals);
  const projected = new ProjectedSearch([...new Set(needles.flatMap((needle) => needle.projected))]);
  return (text, exhaustive) => {
    const whole = search(text).map((value) => ({ value, isWhole: true }));
    if (!exhaustive && whole.length > 0) return whole.slice(0, 1);
    const scattered = projected.find(text.bytes, text.length, !exhaustive);
    return scattered.length === 0
      ? whole
      : [...whole, ...scattered.map((value) => ({ value, isWhole: false }))];
  };
}

/** Returns a function that finds which of the literals a text contains, in list order. */
function literalsFinder(literals: readonly string[]): (text: Searched) => readonly string[] {
  const long = literals.filter(({ length }) => length >= MIN_SKIPPED);
  const short = literals.filter(({ length }) => length < MIN_SKIPPED);
  const search = new SkipSearch(long);
  return ({ text, bytes, length }) => {
    const places = search.find(bytes, length, false);
    const few = short.filter((literal) => text.includes(literal));
    if (places.size === 0) return few;
    const held = new Set([...few, ...[...places].map((place) => long[place])]);
    return literals.filter((literal) => held.has(literal));
  };
}

/**
 * Returns hex, base64 at each offset, reversed and ROT13 forms of a secret; none if it is shorter than 6
 * characters.
 */
export function encodingsOf(value: string): readonly string[] {
  if (value.length < 6) return [];
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase(), reversed(value), rotated(value), ...base64Parts(bytes)];
}

function needlesOf(value: string): Needles {
  const projection = projectionOf(value);
  const disguises = value.length < MIN_DISGUISED ? [] : disguisesOf(value);
  return {
    literal: [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...encodingsOf(value)],
    disguised: disguises.filter((text) => text.length >= MIN_LITERAL && !isLong(projectionOf(text))),
    projected: [projection, ...fragmentsOf(projection), ...disguises.map(projectionOf)].filter(isLong),
  };
}

const isLong = (projection: string) => projection.length >= MIN_PROJECTED;

/** The part of the base64 that does not depend on the text around it, for each of three offsets. */
function base64Parts(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = padded.toString('base64').replace(/=+$/, '');
    const start = offset === 0 ? 0 : offset + 1;
    const end = whole.length - (padded.length % 3 === 0 ? 0 : 1);
    const part = whole.slice(start, end);
    return part.length < 8 ? [] : [part, part.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Leaves out the first fragment of a long secret, which is often a public prefix such as a token type. */
function fragmentsOf(projection: string): string[] {
  if (projection.length < 2 * FRAGMENT) return [];
  const fragments: string[] = [];
  for (let start = FRAGMENT; start + FRAGMENT <= projection.length; start += FRAGMENT) {
    fragments.push(projection.slice(start, start + FRAGMENT));
  }
  return fragments;
}

function projectionOf(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, '');
}
