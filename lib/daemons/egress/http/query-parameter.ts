/**
 * Removes every occurrence of a parameter from a query, in every spelling that some server takes for its name. The
 * rest stays byte for byte.
 * @param query from `?` on; empty when there is none.
 */
export function withoutParameter(query: string, name: string): string {
  const sought = nameAsServed(name);
  // Some servers take `;` for a separator too.
  const pairs = query.slice(1).match(/[&;]?[^&;]*/g) ?? [];
  const kept = pairs.filter(
    (pair) => nameAsServed(pair.replace(/^[&;]/, '').replace(/=.*$/s, '')) !== sought,
  );
  if (kept.length === pairs.length) return query;
  const isFirstGone = kept[0] !== pairs[0];
  const rest = isFirstGone ? kept.join('').slice(1) : kept.join('');
  return rest === '' ? '' : `?${rest}`;
}

/** Adds a parameter to the end of a query. `name` needs no escapes. */
export function withParameter(query: string, name: string, value: string): string {
  const separator = query === '' ? '?' : query === '?' ? '' : '&';
  return `${query}${separator}${name}=${encodeURIComponent(value)}`;
}

/**
 * The name as a server may read it: escapes decoded, in any case (ASP.NET), without brackets (`key[]` of PHP and
 * Rails, `[key]` of qs), and with `_` for dots and spaces (PHP).
 */
function nameAsServed(text: string): string {
  const decoded = text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const [bare = ''] = decoded
    .trim()
    .replace(/^\[+/, '')
    .split(/[[\]\0]/, 1);
  return bare.toLowerCase().replace(/[\s.]/g, '_');
}
