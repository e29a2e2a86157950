import { describe, expect, it, vi } from 'vitest';
import { parseFlags } from '../../../lib/terminal/flags.ts';

const command = {
  name: 'allocate',
  summary: 'reserve an alias',
  flags: {
    bottle: { type: 'string', help: 'the bottle', required: true },
    force: { type: 'boolean', help: 'again' },
  },
} as const;

describe('parseFlags', () => {
  it('flags are parsed, and missing booleans are false', () => {
    expect(parseFlags(command, ['--bottle', 'demo-abcde'])).toEqual({
      bottle: 'demo-abcde',
      force: false,
      verbosity: 'normal',
    });
    expect(parseFlags(command, ['--bottle=x', '--force', '--quiet'])).toMatchObject({
      force: true,
      verbosity: 'quiet',
    });
  });

  it.each([
    [[], /--bottle is missing/],
    [['--bottle', ''], /--bottle is missing/],
    [['--botle', 'x'], /Unknown option '--botle'/],
    [['--bottle', 'x', 'stray'], /stray/],
    [['--bottle'], /argument/],
  ])('the arguments %j are refused', (argv, message) => {
    expect(() => parseFlags(command, argv)).toThrow(message);
  });

  it('--help prints every flag and returns undefined', () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(parseFlags(command, ['--help'])).toBeUndefined();
    const text = written.mock.calls.join('');
    written.mockRestore();
    for (const part of [
      'allocate: reserve an alias',
      '--bottle BOTTLE',
      '(required)',
      '--force',
      '--quiet',
    ]) {
      expect(text).toContain(part);
    }
  });
});
