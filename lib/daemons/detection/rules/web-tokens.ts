import { alphabet } from '../text/runs.ts';

/**
 * A JWT's payload and signature. It starts with a dot, which no part contains, so every text is read once.
 */
const PAYLOAD_AND_SIGNATURE = /\.eyJ[\w-]{4,8192}\.[\w-]{5,4096}/g;

/** Minimum and maximum characters of a JWT's header. */
const MIN_HEADER = 11;
const MAX_HEADER = 4099;

const BASE64URL = alphabet('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_');

/** Returns every JSON Web Token, even if it is glued to other letters. */
export function webTokensIn(text: string): string[] {
  return [...text.matchAll(PAYLOAD_AND_SIGNATURE)].flatMap(({ index, 0: rest }) => {
    let start = index;
    const least = Math.max(0, index - MAX_HEADER);
    while (start > least && isIn(text, start - 1, BASE64URL)) start -= 1;
    const header = text.slice(start, index);
    const found = header.indexOf('eyJ');
    return found < 0 || header.length - found < MIN_HEADER ? [] : [`${header.slice(found)}${rest}`];
  });
}

function isIn(text: string, index: number, table: Uint8Array): boolean {
  const code = text.charCodeAt(index);
  return code < 128 && table[code] === 1;
}
