import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { arp, frames, guestAddress, tcp, udp } from '../support/contract/guest-net.ts';
import { type Listener, listen } from '../support/contract/listeners.ts';
import { since, skipping, withoutGuests } from '../support/contract/skipping.ts';
import { IS_ROOTLESS } from '../support/contract/smolvm.ts';

const ALLOWED = '127.0.0.16';
const OTHER = '127.0.0.17';

/** The host's own addresses, including those of its bridges. */
function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((each) => each.family === 'IPv4' && !each.internal)
    .map((each) => each.address);
}

const link = skipping(IS_ROOTLESS ? 'the fake has no link without root' : undefined);

const { skipped, titled } = skipping(since('1.1.3'), withoutGuests());

describe.skipIf(skipped)(titled('reach of a guest under TSI'), () => {
  let fixture: Fixture;
  let allowed: Listener;
  let others: Listener[];

  beforeAll(async () => {
    fixture = await Fixture.start();
    const sidecar = await fixture.pack(fixture.publish('net:1'));
    allowed = await listen(ALLOWED);
    others = await Promise.all([OTHER, '127.0.0.1'].map((each) => listen(each, allowed.port)));
    for (const address of hostAddresses()) {
      const listener = await listen(address, allowed.port).catch(() => undefined);
      // The bridge of another program's containers may be gone by now.
      if (listener !== undefined) others.push(listener);
      else expect(hostAddresses(), 'an address that is there can be listened on').not.toContain(address);
    }
    await fixture.boot('listed', sidecar, { allowed_cidrs: [`${ALLOWED}/32`] });
    if (!IS_ROOTLESS) await fixture.boot('open', sidecar, {}, '--net', '--allow-cidr', `${ALLOWED}/32`);
    await fixture.boot('closed', sidecar, {}, '--allow-cidr', `${ALLOWED}/32`);
  });

  afterAll(async () => {
    for (const each of [allowed, ...(others ?? [])]) await each[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  const arrived = () => others.flatMap((each) => [...each.tcpPeers, ...each.datagrams]);

  it('a guest reaches the allowed host loopback address over TCP, as a local peer', async () => {
    expect(await tcp(fixture.home, 'listed', ALLOWED, allowed.port)).toBe(`got: hello from ${ALLOWED}`);
    expect(allowed.tcpPeers).toContain('127.0.0.1');
  });

  it('a guest reaches every port of the allowed address', async () => {
    await using second = await listen(ALLOWED);
    expect(await tcp(fixture.home, 'listed', ALLOWED, second.port)).toBe(`got: hello from ${ALLOWED}`);
  });

  it.skipIf(link.skipped)(link.titled('a guest reaches the allowed address over UDP too'), async () => {
    expect(await udp(fixture.home, 'listed', ALLOWED, allowed.port, 'ping')).toBe('got: echo ping');
  });

  it('a guest gets no answer from a closed port of the allowed address', async () => {
    expect(await tcp(fixture.home, 'listed', ALLOWED, 1)).toMatch(/^(failed: Connection refused|got: )$/);
  });

  it.skipIf(link.skipped)(link.titled('the host itself refuses connections to a closed port'), async () => {
    expect(await tcp(fixture.home, 'listed', ALLOWED, 1)).toBe('failed: Connection refused');
  });

  it('a guest reaches no other host address: not 127.0.0.1, another alias, a bridge or the LAN', async () => {
    for (const { address, port } of others) {
      expect(await tcp(fixture.home, 'listed', address, port), address).toMatch(/^failed: /);
      expect(await udp(fixture.home, 'listed', address, port, 'x'), address).toMatch(/^(failed: |timeout)/);
    }
    expect(arrived()).toEqual([]);
  });

  it('connections to public addresses and DNS servers fail at once with EACCES', async () => {
    expect(await tcp(fixture.home, 'listed', '93.184.216.34', 443)).toBe('failed: Permission denied');
    for (const server of ['8.8.8.8', '1.1.1.1']) {
      expect(await tcp(fixture.home, 'listed', server, 53)).toBe('failed: Permission denied');
      expect(await udp(fixture.home, 'listed', server, 53, 'x')).toMatch(
        /^(failed: Permission denied|timeout)/,
      );
    }
  });

  it.skipIf(link.skipped)(
    link.titled('raw frames from a guest reach nothing else, even with a forged source address'),
    async () => {
      const own = await guestAddress(fixture.home, 'listed');
      const targets = others.map((each) => each.address);
      for (const source of [own, ALLOWED, '127.0.0.1', '172.17.0.9', hostAddresses()[0] ?? '10.0.0.1']) {
        const sent = await frames(fixture.home, 'listed', source, allowed.port, 'forged', targets);
        expect(sent).toBe(`sent ${targets.length}`);
      }
      const before = allowed.datagrams.length;
      await frames(fixture.home, 'listed', '127.0.0.1', allowed.port, 'forged', [ALLOWED]);
      await sleep(300);
      expect(arrived()).toEqual([]);
      expect(allowed.datagrams.length).toBe(before);
      // The same frame without forgery arrives: it is the policy that stops the others.
      await frames(fixture.home, 'listed', own, allowed.port, 'honest', [ALLOWED]);
      await sleep(300);
      expect(allowed.datagrams).toContain('honest');
    },
  );

  it.skipIf(link.skipped)(link.titled('the host does not respond to ARP requests from a guest'), async () => {
    const own = await guestAddress(fixture.home, 'listed');
    const asked = [...others.map((each) => each.address), ALLOWED];
    expect(await arp(fixture.home, 'listed', own, asked)).toBe('silence');
  });

  it('a guest cannot remount /proc/sys or change its own network settings', async () => {
    const remount = await fixture.home.exec('listed', 'mount', '-o', 'remount,rw', '/proc/sys');
    expect(remount.code).not.toBe(0);
    const write = 'echo 0 > /proc/sys/net/ipv4/conf/eth0/route_localnet';
    expect((await fixture.home.exec('listed', 'sh', '-c', write)).code).not.toBe(0);
  });

  it.skipIf(!IS_ROOTLESS)('without root, a guest has no link, and no rights over its network', async () => {
    expect((await fixture.home.exec('listed', 'ls', '/sys/class/net')).stdout).toBe('lo\n');
    const { stdout } = await fixture.home.exec('listed', 'cat', '/proc/self/status');
    // CAP_NET_ADMIN, and the groups of this user, such as docker.
    expect(BigInt(`0x${/^CapBnd:\s*(\S+)/m.exec(stdout)?.[1]}`) & (1n << 12n)).toBe(0n);
    expect(/^Groups:(.*)$/m.exec(stdout)?.[1]?.trim()).toBe('');
  });

  it('--from with only --allow-cidr gives no network, because the flag is dropped', async () => {
    expect(await tcp(fixture.home, 'closed', ALLOWED, allowed.port)).toMatch(/^failed: /);
    expect(await tcp(fixture.home, 'closed', '8.8.8.8', 53)).toBe('failed: Network is unreachable');
    expect((await fixture.home.exec('closed', 'ls', '/sys/class/net')).stdout).toBe('lo\n');
  });

  it.skipIf(link.skipped)(
    link.titled('--from with --net and --allow-cidr gives the full network, because the flag is dropped'),
    async () => {
      for (const { address, port } of [allowed, ...others]) {
        // Bridges of other programs' containers may be gone by now.
        if (!address.startsWith('127.') && !hostAddresses().includes(address)) continue;
        expect(await tcp(fixture.home, 'open', address, port), address).toBe(`got: hello from ${address}`);
      }
    },
  );

  it('a running machine keeps its policy when the record changes', async () => {
    const { patchRecord } = await import('../support/contract/state.ts');
    patchRecord(fixture.home, 'listed', { allowed_cidrs: ['127.0.0.0/8'], network: true });
    expect(await tcp(fixture.home, 'listed', OTHER, allowed.port)).toMatch(/^failed: /);
    patchRecord(fixture.home, 'listed', { allowed_cidrs: [`${ALLOWED}/32`], network: false });
  });
});
