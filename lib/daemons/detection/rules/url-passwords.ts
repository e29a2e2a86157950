/** From the mark that every URL has: where it stands is found faster than any of many schemes. */
const USER_AND_PASSWORD = /:\/\/[\w.~%+-]{0,64}:[^\s/@"'<>{}$]{4,128}@[\w.-]{1,253}/g;

/** With what libraries name behind it: a driver, or how the server is looked up. */
const SCHEME =
  /(?<![a-z])(?:postgres(?:ql)?|cockroachdb|mysql|mariadb|mssql|sqlserver|clickhouse|mongodb|rediss?|amqps?|nats|mqtts?|ldaps?|smtps?|imaps?|s?ftp|ssh|https?)(?:\+[a-z0-9_]{1,16})?$/i;
/** Characters of the longest scheme, and of what must not stand before it. */
const SCHEME_LENGTH = 'cockroachdb+'.length + 16 + 1;

/** Every URL of a server that has a password in it. */
export function passwordsInUrls(text: string): string[] {
  const urls: string[] = [];
  for (const { index, 0: rest } of text.matchAll(USER_AND_PASSWORD)) {
    const scheme = SCHEME.exec(text.slice(Math.max(0, index - SCHEME_LENGTH), index))?.[0];
    if (scheme !== undefined) urls.push(`${scheme}${rest}`);
  }
  return urls;
}
