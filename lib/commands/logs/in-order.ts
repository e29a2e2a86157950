/** A source yields `undefined` when it has yielded everything that there is at the time. */
export type Source<T> = AsyncGenerator<T | undefined>;

interface Head<T> {
  readonly source: Source<T>;
  /** `undefined`: has nothing at this time. */
  readonly item: T | undefined;
}

/**
 * Yields what sources have, each sorted by `orderOf`, in that order; `undefined` when all have nothing more at this
 * time. What they have later is yielded as it comes. Ends when all sources have ended.
 */
export async function* inOrder<T>(
  sources: readonly Source<T>[],
  orderOf: (item: T) => string,
): AsyncGenerator<T | undefined> {
  let heads = await advance(sources);
  while (heads.some(({ item }) => item !== undefined)) {
    const first = heads.reduce((one, other) => (isBefore(other, one, orderOf) ? other : one));
    yield first.item;
    const next = await advance([first.source]);
    heads = heads.flatMap((head) => (head === first ? next : [head]));
  }
  yield undefined;
  yield* asTheyCome(heads.map(({ source }) => source));
}

/** The next item of each source; those that have ended are left out. */
async function advance<T>(sources: readonly Source<T>[]): Promise<Head<T>[]> {
  const results = await Promise.all(sources.map(async (source) => ({ source, ...(await source.next()) })));
  return results.flatMap(({ source, done, value }) => (done === true ? [] : [{ source, item: value }]));
}

/** One that has nothing comes last; of equals, the earlier source comes first. */
function isBefore<T>(one: Head<T>, other: Head<T>, orderOf: (item: T) => string): boolean {
  if (one.item === undefined || other.item === undefined)
    return other.item === undefined && one.item !== undefined;
  return orderOf(one.item) < orderOf(other.item);
}

async function* asTheyCome<T>(sources: readonly Source<T>[]): AsyncGenerator<T | undefined> {
  const pull = async (source: Source<T>) => ({ source, ...(await source.next()) });
  const waiting = new Map(sources.map((source) => [source, pull(source)]));
  while (waiting.size > 0) {
    const { source, done, value } = await Promise.race(waiting.values());
    if (done === true) {
      waiting.delete(source);
      continue;
    }
    waiting.set(source, pull(source));
    if (value !== undefined) yield value;
  }
}
