import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { engineHolds, KIT, ON_ALL_FAKES, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const fake = (version: string) => join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);

/** The user's host relays that run. */
async function relays({ root }: Sandbox): Promise<string> {
  return (await execa('pgrep', ['-f', `channels/relay/relay.mjs.*${root}`], { reject: false })).stdout;
}

/** Version, hand-off, and what `create-guest` says. Others launch with 0.8.0, of whose tier 1.0.2 is. */
const LAUNCHED: readonly (readonly [version: string, handoff: string | undefined, says: RegExp])[] = [
  ...(ON_ALL_FAKES ? [['1.0.2', undefined, /may reach 127\.0\.0\.\d+\/32/] as const] : []),
  [
    '1.9.3',
    undefined,
    /may reach \/run\/bot-bottle\/egress\.sock, \/run\/bot-bottle\/supervise\.sock, no network/,
  ],
  ['1.9.3', 'registry-pack', /\.smolmachine\.smolmachine[\s\S]*no network/],
];

describe('supported smolvm versions', () => {
  it.each(LAUNCHED)(
    'smolvm %s (hand-off %s) runs the demo with the same table, and leaves nothing behind',
    async (version, handoff, says) => {
      // Spaces, commas and other languages are ordinary in the names of homes.
      // What another version has packed would be taken from a shared cache.
      const user = sandbox({ home: 'Älice’s home, mine', ownCache: handoff !== undefined });
      user.smolvm = fake(version);
      const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'demo'], {
        BOT_BOTTLE_HANDOFF: handoff,
      });
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toContain('20 of 20 as they should be');
      expect(stderr).toMatch(says);
      expect(await engineHolds()).toEqual([]);
      expect(await user.machines()).toEqual([]);
      expect(await user.bottles()).toEqual([]);
      expect(await relays(user)).toBe('');
    },
  );

  it.each(['1.1.3', '1.7.7'])(
    'smolvm %s is refused with reason and remedy before anything is created',
    async (version) => {
      const user = sandbox();
      user.smolvm = fake(version);
      const { exitCode, stderr } = await user.run('launch', ['--agent', 'demo']);
      expect(exitCode).toBe(69);
      expect(stderr).toMatch(/cannot reach its bundle[\s\S]*Install smolvm 1\.8\.0 or newer/);
      expect(await user.bottles()).toEqual([]);
      expect(existsSync(join(user.root, '.local'))).toBe(false);
    },
  );

  it('a smolvm newer than any known is treated as the newest known, with a message', async () => {
    const user = sandbox();
    mkdirSync(join(user.root, 'bin'));
    user.smolvm = join(user.root, 'bin', 'smolvm');
    const script = `#!/bin/sh\n[ "$1" = --version ] && { echo smolvm 9.1.0; exit; }\nexec ${fake('1.9.3')} "$@"\n`;
    writeFileSync(user.smolvm, script);
    chmodSync(user.smolvm, 0o755);
    const { exitCode, stderr } = await user.run('prepare', ['--agent', 'demo']);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('smolvm 9.1.0 is newer than any version this kit knows; treating it as 1.9.3');
    await user.run('cleanup', ['--all', '--yes']);
  });

  it('`make doctor` shows smolvm’s tier and what it implies', async () => {
    const user = sandbox();
    user.smolvm = fake('1.9.3');
    const { stdout } = await user.run('doctor');
    expect(stdout).toMatch(/smolvm +1\.9\.3, tier socket: the guest gets no network/);
  });
});

describe('bottles in the socket tier', () => {
  it('`make up` restarts the bundle and the relay of a bottle in the socket tier', async () => {
    const user = sandbox();
    user.smolvm = fake('1.9.3');
    await user.writeAgent('three', ['sh', '-c', 'exit 3']);
    const slug = (await user.run('prepare', ['--agent', 'three'])).stdout.trim();
    expect((await user.run('up', ['--bottle', slug])).exitCode).toBe(0);
    await execa('docker', ['rm', '--force', `bot-bottle-sidecars-${slug}`]);
    const relay = readFileSync(join(user.home, 'state', slug, 'relay.json'), 'utf8');
    process.kill(JSON.parse(relay).pid, 'SIGKILL');
    const again = await user.run('up', ['--bottle', slug]);
    expect(again.exitCode, again.stderr).toBe(0);
    expect((await user.run('attach', ['--bottle', slug])).exitCode).toBe(3);
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(0);
    expect(await relays(user)).toBe('');
    expect(await engineHolds()).toEqual([]);
  });
});
