import { expect, it } from 'vitest';
import { parseLines, parseSince } from '../../../../lib/commands/logs/since.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');

it.each([
  ['90s', '2026-01-31T11:58:30Z'],
  ['10m', '2026-01-31T11:50:00Z'],
  ['2h', '2026-01-31T10:00:00Z'],
  ['3d', '2026-01-28T12:00:00Z'],
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ['2026-01-01', '2026-01-01T00:00:00Z'],
])('--since %s means %s', (text, time) => expect(parseSince(text, NOW)).toBe(Date.parse(time)));

it.each(['', 'yesterday', '10', '1.5h', '-1h', '10 m', '2026-99-99'])(
  '--since %j is refused with examples',
  (text) =>
    expect(() => parseSince(text, NOW)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('10m') }),
    ),
);

it('--lines must be a whole number', () => {
  expect(parseLines('0')).toBe(0);
  expect(() => parseLines('-1')).toThrow(expect.objectContaining({ code: 'usage' }));
});
