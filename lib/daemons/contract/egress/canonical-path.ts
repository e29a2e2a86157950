/** A request target in the one form that policy compares. */
export interface CanonicalTarget {
  /** Starts with `/`; escapes that need none are decoded, the others are in upper case. */
  readonly path: string;
  /** From `?` on, as sent; empty when there is none. */
  readonly query: string;
  /** The path to forward, where it differs from `path`: encoded slashes in the case in which they came. */
  readonly sentPath?: string;
}

/** Why a target is refused, one clause. */
export interface AmbiguousTarget {
  readonly fault: string;
}

/** All printable characters but those that need a closer look. */
const PLAIN = /^\/[\x21\x22\x24\x26-\x5b\x5d-\x7e]*$/;

const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * Canonicalises `path?query`. An encoded slash is an ordinary character of its segment. What two servers could
 * read as two different paths is refused, never repaired: dot segments, also those that only show once slashes
 * are decoded, backslashes, NUL and control bytes, double encoding, and bytes that are no UTF-8.
 */
export function canonicalTarget(target: string): CanonicalTarget | AmbiguousTarget {
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark);
  // What most targets are: neither escapes nor a segment that starts with a dot.
  if (PLAIN.test(target) && !target.includes('/.')) return { path: rawPath, query };
  if (!rawPath.startsWith('/')) return { fault: 'the path does not start with /' };
  if (/[^\x21-\x7e]/.test(target)) return { fault: 'it holds a space, a control character or raw Unicode' };
  if (target.includes('#')) return { fault: 'it holds a fragment' };
  if (rawPath.includes('\\')) return { fault: 'it holds a backslash' };
  if (/%(?![0-9A-Fa-f]{2})/.test(rawPath)) return { fault: 'it holds a broken percent escape' };

  const sentPath = rawPath.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    if (UNRESERVED.test(character)) return character;
    return character === '/' ? triplet : triplet.toUpperCase();
  });
  const path = sentPath.replaceAll('%2f', '%2F');
  const fault = faultOf(path);
  if (fault !== undefined) return { fault };
  return path === sentPath ? { path, query } : { path, query, sentPath };
}

/** Why a path whose needless escapes are decoded can be read in two ways. */
function faultOf(path: string): string | undefined {
  // After decoding, which can make an escape: `%25%32%66` is `%252f`.
  if (/%25[0-9A-Fa-f]{2}/.test(path)) return 'it is percent-encoded twice';
  if (path.includes('%5C')) return 'it holds an encoded backslash';
  if (path.includes('%00')) return 'it holds an encoded NUL';
  if (/%([01][0-9A-F]|7F)/.test(path)) return 'it holds an encoded control character';
  const decoded = decodedPath(path);
  if (decoded === undefined) return 'its escapes are no UTF-8';
  if (holdsDots(path)) return 'it holds a dot segment';
  // A segment that starts with a slash replaces what is before it, for servers that resolve it like a link.
  if (path.includes('/%2F')) return 'it holds a segment that starts with an encoded slash';
  if (holdsDots(path.replaceAll('%2F', '/'))) return 'it holds a dot segment beside an encoded slash';
  // Some servers fold full-width forms before they resolve dots.
  if (holdsDots(decoded.normalize('NFKC').replaceAll('\\', '/'))) {
    return 'it holds a dot segment in look-alike characters';
  }
  return undefined;
}

/** Whether a segment is `.` or `..`. Servlet containers drop `;parameters` before they resolve dots. */
function holdsDots(path: string): boolean {
  return path.split('/').some((segment) => /^\.{1,2}(;|%3B|$)/.test(segment));
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
