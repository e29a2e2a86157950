import { describe, expect, it } from 'vitest';
import { guestPath, placesOf } from '../../../../lib/commands/cp/places.ts';
import { parseSize } from '../../../../lib/host/size.ts';

describe('the sides of a copy', () => {
  it.each([
    ['a', 'guest:b', { direction: 'in', host: 'a', guest: 'b' }],
    ['guest:b', 'a', { direction: 'out', host: 'a', guest: 'b' }],
    ['guest:', undefined, { direction: 'out', host: '.', guest: '' }],
    ['a', undefined, { direction: 'in', host: 'a', guest: '' }],
    ['./guest:x', 'guest:guest:y', { direction: 'in', host: './guest:x', guest: 'guest:y' }],
    ['-', 'guest:b', { direction: 'in', host: '-', guest: 'b' }],
  ])('%j to %j', (from, to, places) => {
    expect(placesOf(from, to)).toEqual(places);
  });

  it.each([
    ['a', 'b', 'neither'],
    ['guest:a', 'guest:b', 'both'],
    ['', 'guest:b', 'empty'],
  ])('%j to %j is refused', (from, to, reason) => {
    expect(() => placesOf(from, to)).toThrow(reason);
  });

  it.each([
    ['', '/home/dev/workspace'],
    ['a/../b', '/home/dev/workspace/b'],
    ['../x/', '/home/dev/x'],
    ['~', '/home/dev'],
    ['~/a', '/home/dev/a'],
    ['~a', '/home/dev/workspace/~a'],
    ['/etc/', '/etc'],
    ['/../..', '/'],
  ])('%j in the guest is %j', (path, absolute) => {
    expect(guestPath({ home: '/home/dev', directory: '/home/dev/workspace' }, path)).toBe(absolute);
  });

  it('sizes have units, and no others', () => {
    expect([parseSize('5'), parseSize('2k'), parseSize('1G')]).toEqual([5, 2048, 2 ** 30]);
    for (const text of ['', '-1', '1.5G', '1 X', '0', '9'.repeat(20)])
      expect(() => parseSize(text)).toThrow('size');
  });
});
