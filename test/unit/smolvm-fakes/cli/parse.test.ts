import { describe, expect, it } from 'vitest';
import type { CommandSpec } from '../../../../smolvm-fakes/src/cli/command.ts';
import { parseArguments } from '../../../../smolvm-fakes/src/cli/parse.ts';
import { UsageError } from '../../../../smolvm-fakes/src/errors.ts';

const exec: CommandSpec = {
  words: 'machine exec',
  about: '',
  trailing: { name: 'COMMAND', required: true },
  options: [
    { long: 'env', short: 'e', value: 'K=V', many: true },
    { long: 'workdir', short: 'w', value: 'DIR' },
    { long: 'interactive', short: 'i' },
    { long: 'tty', short: 't', conflicts: ['stream'] },
    { long: 'stream' },
  ],
};

const create: CommandSpec = {
  words: 'machine create',
  about: '',
  positionals: [{ name: 'NAME', required: false }],
  options: [{ long: 'from', value: 'PATH', required: true }],
};

function parsed(spec: CommandSpec, ...words: string[]) {
  const args = parseArguments(spec, words);
  if (args === 'help') throw new Error('help was not asked for');
  return args;
}

describe('parseArguments', () => {
  it('parseArguments gives everything from the first positional on to the command', () => {
    const args = parsed(exec, '-it', '-e', 'A=1', '--env=B=2', 'ls', '-e', '--', '--help');
    expect(args.trailing).toEqual(['ls', '-e', '--', '--help']);
    expect(args.values('env')).toEqual(['A=1', 'B=2']);
    expect([args.has('interactive'), args.has('tty')]).toEqual([true, true]);
  });

  it('parseArguments ends options at --', () => {
    expect(parsed(exec, '--', '-i').trailing).toEqual(['-i']);
    expect(parsed(exec, '--', '-i').has('interactive')).toBe(false);
  });

  it('parseArguments takes values attached to short and long options', () => {
    expect(parsed(exec, '-w/tmp', 'x').value('workdir')).toBe('/tmp');
    expect(parsed(exec, '-w=/tmp', 'x').value('workdir')).toBe('/tmp');
    expect(parsed(exec, '-iw', '/tmp', 'x').value('workdir')).toBe('/tmp');
  });

  it('parseArguments returns help for --help and -h even when arguments are missing', () => {
    expect(parseArguments(exec, ['-h'])).toBe('help');
    expect(parseArguments(create, ['--help'])).toBe('help');
  });

  it.each([
    [exec, ['--nope', 'x'], "unexpected argument '--nope' found"],
    [exec, ['-n', 'x'], "unexpected argument '-n' found"],
    [exec, [], 'the following required arguments were not provided:\n  <COMMAND>...'],
    [exec, ['-w'], "a value is required for '--workdir <DIR>' but none was supplied"],
    [exec, ['-w', 'a', '-w', 'b', 'x'], "the argument '--workdir <DIR>' cannot be used multiple times"],
    [exec, ['-t', '--stream', 'x'], "the argument '--tty' cannot be used with '--stream'"],
    [create, ['--from', 'p', 'a', 'b'], "unexpected argument 'b' found"],
    [create, ['a'], 'the following required arguments were not provided:\n  --from <PATH>'],
  ])('parseArguments refuses an invalid command line (case %#)', (spec, words, message) => {
    expect(() => parseArguments(spec, words)).toThrow(UsageError);
    expect(() => parseArguments(spec, words)).toThrow(`error: ${message}`);
  });
});
