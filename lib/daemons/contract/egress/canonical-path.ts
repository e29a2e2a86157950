/** A request target in the one form that policy compares and that is forwarded. */
export interface CanonicalTarget {
  /** Starts with `/`; escapes that need none are decoded, the others are in upper case. */
  readonly path: string;
  /** From `?` on, as sent; empty when there is none. */
  readonly query: string;
}

/** Why a target is refused, one clause. */
export interface AmbiguousTarget {
  readonly fault: string;
}

/** All printable characters but those that need a closer look. */
const PLAIN = /^\/[\x21\x22\x24\x26-\x5b\x5d-\x7e]*$/;

const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * Canonicalises `path?query`. What two servers could read as two different paths is refused, never repaired: dot
 * segments, encoded slashes, backslashes, NUL and control bytes, double encoding, and bytes that are no UTF-8.
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
  if (/%25[0-9A-Fa-f]{2}/.test(rawPath)) return { fault: 'it is percent-encoded twice' };
  if (/%(2f|5c)/i.test(rawPath)) return { fault: 'it holds an encoded slash or backslash' };
  if (/%([01][0-9a-f]|7f)/i.test(rawPath)) return { fault: 'it holds an encoded control character' };
  if (!isUtf8(rawPath)) return { fault: 'its escapes are no UTF-8' };

  const path = rawPath.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return UNRESERVED.test(character) ? character : triplet.toUpperCase();
  });
  // Servlet containers drop `;parameters` before they resolve dots.
  if (path.split('/').some((segment) => /^\.{1,2}(;|%3B|$)/.test(segment))) {
    return { fault: 'it holds a dot segment' };
  }
  return { path, query };
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
