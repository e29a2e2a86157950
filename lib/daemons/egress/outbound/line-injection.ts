/** Characters that a smuggled line break is made of. Most texts contain none. */
const PART = /[%\\\r\n\u010a\u010d]/i;

const BREAK_BEFORE_HEADER =
  /(?:%(?:25)?0[ad]|\\r\\n|[\r\n\u010a\u010d])(?:[A-Za-z][\w-]{1,40}(?::|%3a)|HTTP\/|(?:GET|POST|PUT|DELETE)(?:\s|%20|\+))/i;

/**
 * Whether a request smuggles in a line break that starts a new header or a new request. In a path, any line
 * break counts; in a query or a header value, only one before what reads like a header, a status or a request
 * line. `rawHeaders`: name, value, name, value, ...
 */
export function injectsLine(path: string, query: string, rawHeaders: readonly string[]): boolean {
  if (path.includes('%') && /%(?:25)?0[ad]/i.test(path)) return true;
  if (breaksLine(query)) return true;
  for (let index = 1; index < rawHeaders.length; index += 2) {
    if (breaksLine(rawHeaders[index] ?? '')) return true;
  }
  return false;
}

function breaksLine(text: string): boolean {
  return PART.test(text) && BREAK_BEFORE_HEADER.test(text);
}
