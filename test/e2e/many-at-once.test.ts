import { describe, expect, it } from 'vitest';
import { engineHolds, ON_ALL_FAKES, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const LAUNCHES = ON_ALL_FAKES ? 8 : 5;

describe('many launches at once', () => {
  it('concurrent launches get different aliases and leave nothing behind', async () => {
    // Two users, so that the engine's reservation is tested, not just one user's lock.
    const users = [sandbox(), sandbox()];
    await Promise.all(
      users.map((user) => user.writeAgent('who', ['sh', '-c', 'echo "$HTTPS_PROXY"; sleep 2'])),
    );
    const launches = Array.from({ length: LAUNCHES }, (_, index) =>
      users[index % 2]?.run('launch', ['--agent', 'who']),
    );
    const finished = await Promise.all(launches);
    for (const launch of finished) expect(launch?.exitCode, launch?.stderr).toBe(0);
    const aliases = finished.map((launch) => /127\.0\.0\.\d+/.exec(launch?.stdout ?? '')?.[0]);
    expect(new Set(aliases).size, aliases.join()).toBe(LAUNCHES);
    expect(await engineHolds()).toEqual([]);
    for (const user of users) expect(await user.machines()).toEqual([]);
  });
});
