import { ProjectedSearch } from '../search/projected-search.ts';
import { SkipSearch } from '../search/skip-search.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { disguisesOf, reversed, rotated } from './disguises.ts';

/** Shorter values are found as they are only: their fragments would be anything. */
const MIN_PROJECTED = 12;

/** Of shorter values nothing is left that stands for them alone. */
const MIN_DISGUISED = 8;

/** Characters of a disguise that is looked for as it is. */
const MIN_LITERAL = 10;

/** Letters and digits in a row that give a long secret away. Any part of twice that length holds one of them whole. */
const FRAGMENT = 12;

/** Characters of a value that is looked for together with others; a shorter one would hold their search up. */
const MIN_SKIPPED = 8;

/** What stands for one secret in a text. */
interface Needles {
  /** The value and its encodings, as they would stand in the text. */
  readonly literal: readonly string[];
  /** Disguises of which too little is letters and digits. */
  readonly disguised: readonly string[];
  /** Letters and digits only, to be looked for where the text is reduced to them too. */
  readonly projected: readonly string[];
}

/** A text beside its bytes, the rest of whose memory is not its own. */
export type Searched = Pick<TextBytes, 'text' | 'bytes' | 'length'>;

/** Gives what a text holds of known secrets: all of it when `exhaustive`, else the likeliest alone. */
export type KnownSecretFinder = (text: Searched, exhaustive: boolean) => readonly KnownFind[];

export interface KnownFind {
  readonly value: string;
  /** Whether `value` stands there as it is and is all of the secret: of what is scattered or in part more may stand around it. */
  readonly isWhole: boolean;
}

/**
 * Looks for the given values: as they are, as common tools disguise them, with anything inserted between their
 * characters, and in part. The values never leave this closure otherwise.
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

/** Gives those of the literals that a text holds, in their order. */
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

/** A secret as it may stand in a text: hex, base64 at each offset, reversed and rotated if it is of some length. */
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

/** The part of the encoding that does not depend on what stands before and after, for each of three offsets. */
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

/** The first fragment of a long secret is often the public prefix of its kind, and is left out. */
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
