import { describe, expect, it } from 'vitest';
import { visibleEntries } from '../../../../smolvm-fakes/src/tar/visible.ts';

const file = (path: string) => ({ path, type: '0', link: '' });
const folder = (path: string) => ({ path, type: '5', link: '' });
const hardLink = (path: string, link: string) => ({ path, type: '1', link });
const symbolicLink = (path: string) => ({ path, type: '2', link: '/somewhere' });

function seen(...layers: ReturnType<typeof file>[][]): string[][] {
  return visibleEntries(layers).layers.map((layer) => layer.map(({ path }) => path));
}

describe('what is seen of the layers of an image', () => {
  it('is everything when no layer says otherwise', () => {
    expect(seen([folder('a'), file('a/b')], [folder('a'), file('a/c')])).toEqual([
      ['a', 'a/b'],
      ['a', 'a/c'],
    ]);
  });

  it('lacks what an upper layer deletes, with all below it, and no neighbour', () => {
    expect(seen([folder('a'), file('a/b'), file('ab')], [file('.wh.a')])).toEqual([['ab'], []]);
  });

  it('keeps what a layer adds to a folder that it makes opaque, and the folder itself', () => {
    const upper = [folder('a'), file('a/.wh..wh..opq'), file('a/new')];
    expect(seen([folder('a'), file('a/old'), file('a/x/y')], upper)).toEqual([['a'], ['a', 'a/new']]);
  });

  it('lets a deleted path be made again higher up', () => {
    expect(seen([file('a')], [file('.wh.a')], [file('a')])).toEqual([[], [], ['a']]);
  });

  it('lets a link take the place of a folder, and a folder that of a link', () => {
    expect(seen([folder('a'), file('a/b')], [symbolicLink('a')])).toEqual([[], ['a']]);
    expect(seen([symbolicLink('a')], [folder('a'), file('a/b')])).toEqual([[], ['a', 'a/b']]);
  });

  it('still unpacks a deleted file that a hard link needs, and says that it has to go', () => {
    const layers = [[file('a'), hardLink('b', './a')], [file('.wh.a')]];
    expect(visibleEntries(layers)).toMatchObject({
      layers: [[{ path: 'a' }, { path: 'b' }], []],
      leftovers: ['a'],
    });
  });

  it('does not remove a file that came back by an upper layer', () => {
    expect(visibleEntries([[file('a'), hardLink('b', 'a')], [file('a')]]).leftovers).toEqual([]);
  });
});
