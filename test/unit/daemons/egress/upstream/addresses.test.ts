import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { guardedLookup, mayDial } from '../../../../../lib/daemons/egress/upstream/addresses.ts';

describe('mayDial', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    'mayDial allows the public address %s',
    (address) => expect(mayDial(address, 'public')).toBe(true),
  );

  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '198.18.0.1',
    '::1',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
  ])('mayDial allows %s only for a private route', (address) => {
    expect(mayDial(address, 'public')).toBe(false);
    expect(mayDial(address, 'private')).toBe(true);
  });

  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd00:c1::a9fe:a9fe',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('mayDial never allows %s, even for a private route', (address) => {
    expect(mayDial(address, 'public')).toBe(false);
    expect(mayDial(address, 'private')).toBe(false);
  });
});

describe('guardedLookup', () => {
  const lookup = (addresses: string[], all: boolean) =>
    new Promise<unknown>((resolve, reject) => {
      const answer: LookupAddress[] = addresses.map((address) => ({ address, family: 4 }));
      guardedLookup('public', (_name, done) => setImmediate(done, null, answer))(
        'name.example',
        { all },
        (error, found) => (error === null ? resolve(found) : reject(error)),
      );
    });

  it('guardedLookup returns only permitted addresses', async () => {
    expect(await lookup(['10.0.0.1', '8.8.8.8', '127.0.0.1'], true)).toEqual([
      { address: '8.8.8.8', family: 4 },
    ]);
    expect(await lookup(['10.0.0.1', '8.8.8.8'], false)).toBe('8.8.8.8');
  });

  it('guardedLookup fails if no address is permitted', async () => {
    await expect(lookup(['10.0.0.1', '169.254.169.254'], true)).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    await expect(lookup([], false)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });
});

it.each([
  '192.88.99.1',
  '192.31.196.1',
  '192.175.48.1',
  '255.255.255.255',
  '::7f00:1',
  '::ffff:0:7f00:1',
  '2001:10::1',
  '2001:20::1',
  '2002:7f00:1::',
  '64:ff9b::7f00:1',
  '5f00::1',
  'fe80::1%eth0',
  'not an address',
])('mayDial never allows %s, which is not a public or private host address', (address) => {
  expect(mayDial(address, 'public')).toBe(false);
  expect(mayDial(address, 'private')).toBe(false);
});

it('mayDial allows loopback in any notation only for a private route', () => {
  for (const address of ['::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '3fff::1']) {
    expect(mayDial(address, 'public'), address).toBe(false);
  }
  expect(mayDial('::1', 'private')).toBe(true);
});
