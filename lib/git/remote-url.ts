/** What stands in a copy for a URL that only this host can use. */
export const UNAVAILABLE_URL = 'unavailable:outside-this-copy';

/** scp's form of SSH URLs: `[USER@]HOST:PATH`. */
const SCP = /^(?:([^@/:]+)@)?([^/:@]+):(?!\/\/)(.+)$/;

/**
 * Returns a remote's URL without credentials, as a copy of the repository may have it. Paths of this host are not
 * passed on, nor are URLs that run a program.
 */
export function withoutCredentials(url: string): string {
  if (/\p{Cc}/u.test(url) || /^[^:/]*::/.test(url)) return UNAVAILABLE_URL;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return cleaned(url);
  const [, user, host, path] = SCP.exec(url) ?? [];
  if (host === undefined || host.length === 1) return UNAVAILABLE_URL;
  return `${user === undefined ? '' : `${user}@`}${host}:${path}`;
}

function cleaned(text: string): string {
  if (!URL.canParse(text)) return UNAVAILABLE_URL;
  const url = new URL(text);
  if (!['https:', 'http:', 'ssh:', 'git:', 'git+ssh:', 'ssh+git:'].includes(url.protocol))
    return UNAVAILABLE_URL;
  url.password = '';
  // Over SSH the user is part of the address; over HTTPS it is often the token.
  if (url.protocol.startsWith('http')) url.username = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
