/** A request as a forge sees it. */
export interface Asked {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lowercase name; empty when absent. */
  header(name: string): string;
  readonly text: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown;
}

export interface RegisteredKey {
  readonly id: number;
  readonly title: string;
  /** `ssh-ed25519 BASE64`. */
  readonly key: string;
  readonly mayWrite: boolean;
}

/** What a forge knows. */
export interface Site {
  readonly repository: string;
  /** Token -> what it may do. */
  readonly tokens: ReadonlyMap<string, 'admin' | 'read'>;
  /** Key id -> key. */
  readonly keys: Map<number, RegisteredKey>;
  readonly pageSize: number;
  add(key: Omit<RegisteredKey, 'id'>): Promise<RegisteredKey>;
  remove(id: number): Promise<void>;
}

/** How one forge answers, as it documents it. Anything that it does not document is an error. */
export interface Rules {
  /** Of the API, such as `/api/v4`. */
  readonly base: string;
  answer(asked: Asked, site: Site): Promise<Reply>;
}

export const isPublicKey = (text: unknown): text is string =>
  typeof text === 'string' && /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/=]{43}$/.test(text);

/** Returns the body's fields; undefined unless it is a JSON object that was sent as such. */
export function fieldsOf(asked: Asked): Record<string, unknown> | undefined {
  if (asked.header('content-type') !== 'application/json') return undefined;
  const value: unknown = JSON.parse(asked.text);
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

/** Whether an object has these fields, each of its type, and no others. */
export function hasExactly(
  fields: Record<string, unknown>,
  types: Readonly<Record<string, 'string' | 'boolean'>>,
): boolean {
  const names = Object.keys(fields).toSorted().join();
  if (names !== Object.keys(types).toSorted().join()) return false;
  return Object.entries(types).every(([name, type]) => typeof fields[name] === type);
}

/** Returns a page of keys, and whether others follow; undefined for parameters that the forge does not know. */
export function pageOf(
  { query }: Asked,
  site: Site,
  sizeName: string,
): { keys: RegisteredKey[]; page: number; hasMore: boolean } | undefined {
  if ([...query.keys()].some((name) => name !== 'page' && name !== sizeName)) return undefined;
  const [page, asked] = [Number(query.get('page') ?? 1), Number(query.get(sizeName) ?? 30)];
  const size = Math.min(asked, site.pageSize);
  const all = [...site.keys.values()];
  return { keys: all.slice((page - 1) * size, page * size), page, hasMore: page * size < all.length };
}
