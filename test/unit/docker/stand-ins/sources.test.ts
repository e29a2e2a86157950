import { describe, expect, it } from 'vitest';
import { bookwormEntries } from '../../../../lib/docker/stand-ins/sources.ts';

const MAIN = 'Debian|bookworm|http://mirror.test/debian/|oldstable|main';
const SECURITY = 'Debian|bookworm-security|http://mirror.test/security/|bookworm-security|main';

describe('apt sources of a stand-in', () => {
  it('the sources keep the machine’s mirror and suite names', () => {
    expect(bookwormEntries(`${MAIN}\n${SECURITY}\n`)).toEqual([
      { uri: 'http://mirror.test/debian/', suite: 'oldstable' },
      { uri: 'http://mirror.test/security/', suite: 'bookworm-security' },
    ]);
  });

  it.each([
    ['another publisher under the same suite', 'Tailscale|bookworm|https://other.test/|bookworm|main'],
    ['another release of Debian', 'Debian|trixie|http://mirror.test/debian/|trixie|main'],
    ['backports', 'Debian|bookworm-backports|http://mirror.test/debian/|bookworm-backports|main'],
    ['other components', 'Debian|bookworm|http://mirror.test/debian/|bookworm|non-free'],
    ['sources that no container can read', 'Debian|bookworm|file:/srv/debian/|bookworm|main'],
  ])('the sources leave out %s', (_, line) => {
    expect(bookwormEntries(`${MAIN}\n${line}`)).toHaveLength(1);
  });

  it('the sources are empty without the main suite of the release', () => {
    expect(bookwormEntries(SECURITY)).toEqual([]);
  });
});
