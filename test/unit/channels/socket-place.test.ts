import { describe, expect, it, vi } from 'vitest';
import { guestSocket, hostSocket } from '../../../lib/channels/socket-place.ts';
import { DAEMON_NAMES } from '../../../lib/daemons/contract/daemons.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

/** Size of `sun_path` on macOS, including its terminating zero. */
const LIMIT = 104;

describe('paths of a bottle’s sockets', () => {
  useTemporaryHome();

  it('socket paths fit a Unix socket address, however long home and slug are', () => {
    vi.stubEnv('BOT_BOTTLE_HOME', `/Users/somebody/${'deep/'.repeat(40)}`);
    const slug = `a${'-b'.repeat(28)}-abcde`;
    for (const daemon of DAEMON_NAMES) {
      expect(Buffer.byteLength(hostSocket(slug, daemon))).toBeLessThan(LIMIT);
      expect(Buffer.byteLength(guestSocket(daemon))).toBeLessThan(LIMIT);
    }
  });

  it('socket paths differ by bottle, and by home for bottles of the same name', () => {
    const here = hostSocket('demo-abcde', 'egress');
    expect(hostSocket('demo-fghij', 'egress')).not.toBe(here);
    vi.stubEnv('BOT_BOTTLE_HOME', '/elsewhere');
    expect(hostSocket('demo-abcde', 'egress')).not.toBe(here);
  });
});
