/** A path condition, as in `matches` of a route. */
export interface PathCondition {
  readonly type: 'exact' | 'prefix' | 'regex';
  readonly value: string;
}

/** Kinds of ids, each with an expression that matches any id of that kind; the first that fits applies. */
const IDS: readonly { readonly isOne: RegExp; readonly any: string }[] = [
  { isOne: /^[0-9]+$/, any: '[0-9]+' },
  { isOne: /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/, any: '[0-9A-Fa-f-]{36}' },
  { isOne: /^(?=.*[0-9])[0-9a-f]{7,64}$/, any: '[0-9a-f]{7,64}' },
  { isOne: /^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{16,}$/, any: '[A-Za-z0-9_-]+' },
];

/** The number of paths in one directory from which the directory itself is proposed. */
const MANY = 6;

/**
 * Returns conditions that match these canonical paths and little else. A single path stays as it is; paths
 * that differ only in ids become one expression; many in one directory become that directory, unless it is
 * the root.
 */
export function generalizePaths(paths: readonly string[]): PathCondition[] {
  const single: string[] = [];
  const expressions: PathCondition[] = [];
  for (const [expression, alike] of groupBy(new Set(paths), expressionOf)) {
    if (alike.length === 1) single.push(...alike);
    else expressions.push({ type: 'regex', value: expression });
  }
  const rest: PathCondition[] = [];
  for (const [directory, inside] of groupBy(single, directoryOf)) {
    if (directory !== '' && inside.length >= MANY) rest.push({ type: 'prefix', value: directory });
    else rest.push(...inside.map((value): PathCondition => ({ type: 'exact', value })));
  }
  return [...expressions, ...rest].sort((one, other) => (one.value < other.value ? -1 : 1));
}

/** Returns an RE2 expression for the whole path in which each id matches any id of its kind. */
function expressionOf(path: string): string {
  const segments = path.split('/').map((segment) => {
    const kind = IDS.find(({ isOne }) => isOne.test(segment));
    return kind?.any ?? segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return segments.join('/');
}

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
