import { describe, expect, it } from 'vitest';
import { visibleEntries } from '../../../../smolvm-fakes/src/tar/visible.ts';

const file = (path: string) => ({ path, type: '0', link: '' });
const folder = (path: string) => ({ path, type: '5', link: '' });
const hardLink = (path: string, link: string) => ({ path, type: '1', link });
const symbolicLink = (path: string) => ({ path, type: '2', link: '/somewhere' });

function seen(...layers: ReturnType<typeof file>[][]): string[][] {
  return visibleEntries(layers).layers.map((layer) => layer.map(({ path }) => path));
}

describe('visible entries of image layers', () => {
  it('visibleEntries keeps everything when no layer hides anything', () => {
    expect(seen([folder('a'), file('a/b')], [folder('a'), file('a/c')])).toEqual([
      ['a', 'a/b'],
      ['a', 'a/c'],
    ]);
  });

  it('visibleEntries drops what an upper layer deletes, with all below it, but no neighbor', () => {
    expect(seen([folder('a'), file('a/b'), file('ab')], [file('.wh.a')])).toEqual([['ab'], []]);
  });

  it('visibleEntries keeps an opaque folder and what its layer adds to it', () => {
    const upper = [folder('a'), file('a/.wh..wh..opq'), file('a/new')];
    expect(seen([folder('a'), file('a/old'), file('a/x/y')], upper)).toEqual([['a'], ['a', 'a/new']]);
  });

  it('visibleEntries keeps a deleted path that a higher layer creates again', () => {
    expect(seen([file('a')], [file('.wh.a')], [file('a')])).toEqual([[], [], ['a']]);
  });

  it('visibleEntries lets a link replace a folder, and a folder replace a link', () => {
    expect(seen([folder('a'), file('a/b')], [symbolicLink('a')])).toEqual([[], ['a']]);
    expect(seen([symbolicLink('a')], [folder('a'), file('a/b')])).toEqual([[], ['a', 'a/b']]);
  });

  it('visibleEntries keeps a deleted file that a hard link needs, and lists it as a leftover', () => {
    const layers = [[file('a'), hardLink('b', './a')], [file('.wh.a')]];
    expect(visibleEntries(layers)).toMatchObject({
      layers: [[{ path: 'a' }, { path: 'b' }], []],
      leftovers: ['a'],
    });
  });

  it('visibleEntries does not list a file as a leftover that an upper layer restores', () => {
    expect(visibleEntries([[file('a'), hardLink('b', 'a')], [file('a')]]).leftovers).toEqual([]);
  });
});
