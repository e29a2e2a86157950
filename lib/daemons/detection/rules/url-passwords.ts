/** Starts at the mark that every URL has, which is found faster than any of many schemes. */
const USER_AND_PASSWORD = /:\/\/[\w.~%+-]{0,64}:[^\s/@"'<>{}$]{4,128}@[\w.-]{1,253}/g;

/** Libraries append a driver or a lookup method to the scheme. */
const SCHEME =
  /(?<![a-z])(?:postgres(?:ql)?|cockroachdb|mysql|mariadb|mssql|sqlserver|clickhouse|mongodb|rediss?|amqps?|nats|mqtts?|ldaps?|smtps?|imaps?|s?ftp|ssh|https?)(?:\+[a-z0-9_]{1,16})?$/i;
/** Characters of the longest scheme, plus the one that must not precede it. */
const SCHEME_LENGTH = 'cockroachdb+'.length + 16 + 1;

/** Returns every server URL that contains a password. */
export function passwordsInUrls(text: string): string[] {
  const urls: string[] = [];
  for (const { index, 0: rest } of text.matchAll(USER_AND_PASSWORD)) {
    const scheme = SCHEME.exec(text.slice(Math.max(0, index - SCHEME_LENGTH), index))?.[0];
    if (scheme !== undefined) urls.push(`${scheme}${rest}`);
  }
  return urls;
}
