import { EscapedSearch, encodingsOf } from '../../detection/index.ts';

/** Characters of the shortest part that is masked: less would match by chance. */
const MIN_SOUGHT = 4;

/** Returns what masks a token in a text, however it is encoded, and the header that was made of it. */
export function tokenMask(username: string, token: string): (text: string) => string {
  const header = Buffer.from(`${username}:${token}`).toString('base64');
  const searches = [...new Set([header, token, ...encodingsOf(token)])]
    .filter(({ length }) => length >= MIN_SOUGHT)
    // A part of a longer form may be a form of its own.
    .sort((one, other) => other.length - one.length)
    .map((form) => new EscapedSearch(form));
  return (text) => searches.reduce((masked, search) => search.mask(masked), text);
}
