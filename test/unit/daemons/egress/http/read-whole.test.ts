import { describe, expect, it } from 'vitest';
import { announcedLength, shortLength } from '../../../../../lib/daemons/egress/http/read-whole.ts';

describe('the announced length of a body', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['65536', 65_536],
    ['104857600', 104_857_600],
    ['999999999999999', 999_999_999_999_999],
  ])('is %s', (text, length) => {
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
  ])('is none where it is written as %j', (text) => {
    expect(announcedLength(['content-length', text])).toBeUndefined();
    expect(shortLength(['content-length', text])).toBeUndefined();
  });

  it('is none past what a number holds exactly', () => {
    expect(announcedLength(['content-length', '9007199254740993'])).toBeUndefined();
  });

  it('is none where it is announced twice, or beside a transfer coding, or not at all', () => {
    expect(announcedLength(['content-length', '1', 'Content-Length', '1'])).toBeUndefined();
    expect(announcedLength(['content-length', '1', 'Transfer-Encoding', 'chunked'])).toBeUndefined();
    expect(announcedLength(['x-content-length', '1'])).toBeUndefined();
  });

  it('makes a body a short one up to 64 KiB', () => {
    const short = ['0', '1', '65536', '65537'].map((text) => shortLength(['content-length', text]));
    expect(short).toEqual([undefined, 1, 65_536, undefined]);
  });
});
