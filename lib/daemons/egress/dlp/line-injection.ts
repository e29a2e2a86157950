/**
 * Whether a request smuggles a line break into where one starts a new header or a new request: in a path always, in
 * a query or a header value where what follows reads like a header, a status or a request line.
 */
export function injectsLine(path: string, query: string, headerValues: readonly string[]): boolean {
  if (/%(?:25)?0[ad]/i.test(path)) return true;
  return [query, ...headerValues].some((text) =>
    /(?:%(?:25)?0[ad]|\\r\\n|[\r\n\u010a\u010d])+(?:[A-Za-z][\w-]{1,40}(?::|%3a)|HTTP\/|(?:GET|POST|PUT|DELETE)(?:\s|%20|\+))/i.test(
      text,
    ),
  );
}
