import { visible, visibleName } from '../host/visible.ts';

/** More combining marks than any language puts on one letter: they would cover the lines around it. */
const PILED = /(\p{M}{4})\p{M}+/gu;

/**
 * Makes text of an agent safe to show to a person: every control, format and bidi character is made visible, and no
 * address in it is one that a terminal or a notification would make a link of. Line ends and tabs stay.
 */
export function inert(text: string): string {
  return visible(text)
    .replaceAll(PILED, '$1…')
    .replaceAll('://', '[://]')
    .replaceAll(/\b(www)\./gi, '$1[.]');
}

/** As `inert`, on one line. */
export function inertLine(text: string): string {
  return inert(visibleName(text));
}
