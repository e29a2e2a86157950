import { beforeEach, describe, expect, it } from 'vitest';
import { knownSecretFinder } from '../../../../lib/daemons/detection/index.ts';
import { NameSearch } from '../../../../lib/daemons/git-gate/judge/name-search.ts';

const SECRET = 'q7Rk2mXvB9sLw4TzN8yHc5';

describe('a search of the names of directories', () => {
  let searched = 0;
  let names: NameSearch;
  beforeEach(() => {
    searched = 0;
    const find = knownSecretFinder([SECRET]);
    names = new NameSearch({
      detectors: new Set(['known_secrets']),
      findKnown: (...given) => {
        searched += 1;
        return find(...given);
      },
    });
  });

  it('looks once at names that do not change', () => {
    expect(names.findings('README\nsrc')).toEqual([]);
    const once = searched;
    expect(names.findings('README\nsrc')).toEqual([]);
    expect(searched).toBe(once);
  });

  it('finds what a later commit adds, in each directory that has it', () => {
    expect(names.findings('README\nsrc')).toEqual([]);
    for (const _ of ['one', 'two']) {
      expect(names.findings(`README\n${SECRET}\nsrc`)).toMatchObject([{ type: 'known-secret' }]);
    }
  });

  it('finds what comes together only when a file between is removed', () => {
    // A run of twelve would be found by itself.
    const [start, end] = [SECRET.slice(0, 11), SECRET.slice(11)];
    expect(names.findings(`${start}\nbetween\n${end}`)).toEqual([]);
    expect(names.findings(`${start}\n${end}`)).toMatchObject([{ type: 'known-secret' }]);
  });
});
