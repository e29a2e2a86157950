import { expect, it } from 'vitest';
import { Lru } from '../../../../lib/daemons/shared/lru.ts';

it('Lru evicts the least recently used entry', () => {
  const cache = new Lru<string, number>(2);
  let made = 0;
  const get = (key: string) =>
    cache.getOrMake(key, () => {
      made += 1;
      return made;
    });
  get('a');
  get('b');
  get('a');
  get('c');
  expect([cache.size, get('a'), made]).toEqual([2, 1, 3]);
  expect(get('b')).toBe(4);
});
