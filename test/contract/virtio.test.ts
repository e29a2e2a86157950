import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { frames, guestAddress, tcp, udp } from '../support/contract/guest-net.ts';
import { type Listener, listen } from '../support/contract/listeners.ts';
import { before, skipping, withoutGuests } from '../support/contract/skipping.ts';
import { IS_ROOTLESS } from '../support/contract/smolvm.ts';
import { patchRecord } from '../support/contract/state.ts';
import { atLeast } from '../support/contract/version.ts';

const ADDRESS = '127.0.0.16';
const GATEWAY = '100.96.0.1';

const { skipped, titled } = skipping(
  before('1.1.3'),
  withoutGuests(),
  IS_ROOTLESS ? 'the fake has no link without root' : undefined,
);

describe.skipIf(skipped)(titled('reach of a guest under virtio-net'), () => {
  let fixture: Fixture;
  let alias: Listener;
  let local: Listener;

  beforeAll(async () => {
    fixture = await Fixture.start();
    const sidecar = await fixture.pack(fixture.publish('virtio:1'));
    alias = await listen(ADDRESS);
    local = await listen('127.0.0.1', alias.port);
    await fixture.boot('m', sidecar, { allowed_cidrs: ['127.0.0.0/8', `${GATEWAY}/32`, '169.254.0.0/16'] });
    await fixture.boot('other', sidecar, { allowed_cidrs: ['192.0.2.0/24'] });
  });
  afterAll(async () => {
    for (const each of [alias, local]) await each?.[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  it('a guest never reaches a host loopback address: its loopback is its own', async () => {
    expect(await tcp(fixture.home, 'm', ADDRESS, alias.port)).toBe('failed: Connection refused');
    expect(await tcp(fixture.home, 'm', '127.0.0.1', alias.port)).toBe('failed: Connection refused');
    expect([...alias.tcpPeers, ...local.tcpPeers]).toEqual([]);
    const own = `use IO::Socket::INET; my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.9', LocalPort => 7, Listen => 1);
      my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.9', PeerPort => 7); print $c ? 'own' : $!`;
    expect((await fixture.home.exec('m', 'perl', '-e', own)).stdout).toBe('own');
  });

  it('a connection that is not allowed times out instead of being refused', async () => {
    for (const target of ['93.184.216.34', '169.254.169.254']) {
      expect(await tcp(fixture.home, 'm', target, 80), target).toBe('timeout');
    }
    expect(await udp(fixture.home, 'm', '93.184.216.34', 99, 'x')).toBe('timeout');
  });

  it("a guest reaches the host's 127.0.0.1 through a listed gateway, since 1.7.2", async () => {
    const answer = await tcp(fixture.home, 'm', GATEWAY, local.port);
    expect(answer).toBe(atLeast('1.7.2') ? 'got: hello from 127.0.0.1' : 'timeout');
    expect(await tcp(fixture.home, 'other', GATEWAY, local.port)).toBe('timeout');
  });

  it('raw frames from a guest do not reach host loopback addresses', async () => {
    const own = await guestAddress(fixture.home, 'm');
    const next = await guestAddress(fixture.home, 'other');
    for (const source of [own, '127.0.0.1', next]) {
      await frames(fixture.home, 'm', source, alias.port, 'forged', [ADDRESS, '127.0.0.1', next]);
    }
    expect([...alias.datagrams, ...local.datagrams]).toEqual([]);
  });

  it('start refuses TSI with a policy, even when it was written into the record', async () => {
    await fixture.home.ok('machine', 'stop', '-n', 'other');
    patchRecord(fixture.home, 'other', { network_backend: 'tsi' });
    const { code, stderr } = await fixture.home.run(['machine', 'start', '-n', 'other']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('TSI does not enforce it.'),
    });
  });
});
