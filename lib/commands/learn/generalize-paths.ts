/** A condition on the path, as `matches` of a route has it. */
export interface PathCondition {
  readonly type: 'exact' | 'prefix' | 'regex';
  readonly value: string;
}

/** Kinds of names that stand for one of many, and the expression for any of that kind. The first that fits holds. */
const IDS: readonly { readonly isOne: RegExp; readonly any: string }[] = [
  { isOne: /^[0-9]+$/, any: '[0-9]+' },
  { isOne: /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/, any: '[0-9A-Fa-f-]{36}' },
  { isOne: /^(?=.*[0-9])[0-9a-f]{7,64}$/, any: '[0-9a-f]{7,64}' },
  { isOne: /^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{16,}$/, any: '[A-Za-z0-9_-]+' },
];

/** So many paths in one directory are taken for the directory. */
const MANY = 6;

/**
 * Conditions that let these canonical paths out, and little else: a path that is alone stays as it is; several that
 * differ in ids alone become one expression; many in one directory, the directory, unless it is the root.
 */
export function generalisePaths(paths: readonly string[]): PathCondition[] {
  const alone: string[] = [];
  const expressions: PathCondition[] = [];
  for (const [expression, alike] of groupBy(new Set(paths), expressionOf)) {
    if (alike.length === 1) alone.push(...alike);
    else expressions.push({ type: 'regex', value: expression });
  }
  const rest: PathCondition[] = [];
  for (const [directory, inside] of groupBy(alone, directoryOf)) {
    if (directory !== '' && inside.length >= MANY) rest.push({ type: 'prefix', value: directory });
    else rest.push(...inside.map((value): PathCondition => ({ type: 'exact', value })));
  }
  return [...expressions, ...rest].sort((one, other) => (one.value < other.value ? -1 : 1));
}

/** An RE2 expression for the whole path, with any id in the place of each id. */
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
