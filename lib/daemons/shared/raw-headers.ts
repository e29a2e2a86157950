/** Returns every value of a header, in order. `name` is in lower case. */
export function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const key = raw[index] ?? '';
    if (key.length === name.length && key.toLowerCase() === name) values.push(raw[index + 1] ?? '');
  }
  return values;
}

/** Returns all values of a header as one list, or `undefined` if there is none. `name` is in lower case. */
export function headerOf(raw: readonly string[], name: string): string | undefined {
  let list: string | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const key = raw[index] ?? '';
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    const value = raw[index + 1] ?? '';
    list = list === undefined ? value : `${list}, ${value}`;
  }
  return list;
}
