/** From the mark that every URL has: where it stands is found faster than any of many schemes. */
const USER_AND_PASSWORD = /:\/\/[\w.~-]{1,64}:[^\s/@"'<>{}$]{4,128}@[\w.-]{1,253}/g;

const SCHEME = /(?<![a-z])(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|rediss|amqps?|ftp|https?)$/;
/** Characters of the longest scheme, and of what must not stand before it. */
const SCHEME_LENGTH = 'mongodb+srv'.length + 1;

/** Every URL of a server that has a password in it. */
export function passwordsInUrls(text: string): string[] {
  const urls: string[] = [];
  for (const { index, 0: rest } of text.matchAll(USER_AND_PASSWORD)) {
    const scheme = SCHEME.exec(text.slice(Math.max(0, index - SCHEME_LENGTH), index))?.[0];
    if (scheme !== undefined) urls.push(`${scheme}${rest}`);
  }
  return urls;
}
