import { describe, expect, it } from 'vitest';
import { announcedLength, shortLength } from '../../../../../lib/daemons/egress/http/read-whole.ts';

describe('announced body lengths', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['65536', 65_536],
    ['104857600', 104_857_600],
    ['999999999999999', 999_999_999_999_999],
  ])('announcedLength reads %s', (text, length) => {
    expect(announcedLength(['Host', 'a', 'Content-Length', text])).toBe(length);
  });

  it.each([
    '',
    ' ',
    '+1',
    '-1',
    '1.0',
    '1e3',
    '0x10',
    '010',
    '00',
    '1_0',
    '1 0',
    '1,1',
    '1, 1',
    '１',
    'NaN',
    'Infinity',
  ])('announcedLength ignores the invalid length %j', (text) => {
    expect(announcedLength(['content-length', text])).toBeUndefined();
    expect(shortLength(['content-length', text])).toBeUndefined();
  });

  it('announcedLength ignores a length that a number cannot hold exactly', () => {
    expect(announcedLength(['content-length', '9007199254740993'])).toBeUndefined();
  });

  it('announcedLength is undefined if the length is absent, repeated or beside a coding', () => {
    expect(announcedLength(['content-length', '1', 'Content-Length', '1'])).toBeUndefined();
    expect(announcedLength(['content-length', '1', 'Transfer-Encoding', 'chunked'])).toBeUndefined();
    expect(announcedLength(['x-content-length', '1'])).toBeUndefined();
  });

  it('shortLength treats bodies of up to 64 KiB as short', () => {
    const short = ['0', '1', '65536', '65537'].map((text) => shortLength(['content-length', text]));
    expect(short).toEqual([undefined, 1, 65_536, undefined]);
  });
});
