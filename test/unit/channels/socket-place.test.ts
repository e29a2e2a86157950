import { DAEMON_NAMES } from '../../../lib/daemons/contract/daemons.ts';
import { describe, expect, it, vi } from 'vitest';
import { guestSocket, hostSocket } from '../../../lib/channels/socket-place.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

/** `sun_path` on macOS, its terminating zero included. */
const LIMIT = 104;

describe('the path of a bottle’s socket', () => {
  useTemporaryHome();

  it('fits a Unix socket address, however long home and slug are', () => {
    vi.stubEnv('BOT_BOTTLE_HOME', `/Users/somebody/${'deep/'.repeat(40)}`);
    const slug = `a${'-b'.repeat(28)}-abcde`;
    for (const daemon of DAEMON_NAMES) {
      expect(Buffer.byteLength(hostSocket(slug, daemon))).toBeLessThan(LIMIT);
      expect(Buffer.byteLength(guestSocket(daemon))).toBeLessThan(LIMIT);
    }
  });

  it('is another for each bottle, and for bottles of the same name in another home', () => {
    const here = hostSocket('demo-abcde', 'egress');
    expect(hostSocket('demo-fghij', 'egress')).not.toBe(here);
    vi.stubEnv('BOT_BOTTLE_HOME', '/elsewhere');
    expect(hostSocket('demo-abcde', 'egress')).not.toBe(here);
  });
});
