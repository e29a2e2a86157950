import { randomInt } from 'node:crypto';
import { BottleError } from '../errors.ts';

const SUFFIX_LENGTH = 5;
const BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Safe as a path segment, a Docker name and a smolvm machine name. */
const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Leaves room for prefixes within smolvm's limit of 128 characters. */
const MAX_LENGTH = 63;

/** Creates a bottle's identity, `<agent>-<5 base-36>`; a very long agent name is truncated. */
export function mintSlug(agent: string): string {
  const name = agent.slice(0, MAX_LENGTH - 1 - SUFFIX_LENGTH).replace(/-+$/, '');
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => BASE_36[randomInt(BASE_36.length)]).join('');
  return `${name}-${suffix}`;
}

/** Returns a label's slug: its letters and digits, joined by hyphens. Undefined when it has none. */
export function slugOfLabel(label: string): string | undefined {
  const plain = label.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const words = plain.match(/[a-z0-9]+/g) ?? [];
  const slug = words.join('-').replace(/^(?=[0-9])/, 'b');
  const short = slug.slice(0, MAX_LENGTH).replace(/-+$/, '');
  return isSlug(short) ? short : undefined;
}

export function isSlug(text: string): boolean {
  return text.length <= MAX_LENGTH && SLUG.test(text);
}

/** @throws BottleError `usage` for text that must not become a path segment. */
export function assertSlug(text: string): void {
  if (isSlug(text)) return;
  throw new BottleError('usage', `'${text}' is not a valid bottle name`, {
    hint: 'A bottle is named <agent>-<5 letters or digits>, or after its label; `make status` lists bottles.',
  });
}
