import { randomInt } from 'node:crypto';
import { BottleError } from '../errors.ts';

const SUFFIX_LENGTH = 5;
const BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Letters, digits, single hyphens: safe as a path segment, a Docker name and a smolvm machine name alike.
 * 63 characters leave room for the prefixes within smolvm's limit of 128. */
const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_LENGTH = 63;

/** A new bottle's identity: `<agent>-<5 base-36>`, with a very long agent's name cut short. */
export function mintSlug(agent: string): string {
  const name = agent.slice(0, MAX_LENGTH - 1 - SUFFIX_LENGTH).replace(/-+$/, '');
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => BASE_36[randomInt(BASE_36.length)]).join('');
  return `${name}-${suffix}`;
}

/** The slug that a label spells: its letters and digits, all else as hyphens. Undefined when it spells none. */
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

/** @throws BottleError `usage` for anything that must not become a path segment. */
export function assertSlug(text: string): void {
  if (isSlug(text)) return;
  throw new BottleError('usage', `'${text}' is not a bottle's name`, {
    hint: 'A bottle is named <agent>-<5 letters or digits>, or as its label says; `make status` lists them.',
  });
}
