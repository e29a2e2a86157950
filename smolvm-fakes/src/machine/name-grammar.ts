import type { Arguments, CommandSpec } from '../cli/command.ts';
import type { Profile } from '../profile.ts';

/**
 * How create, delete, update and data-dir take the machine's name: positional before 1.0.2, `--name` since.
 */
export function nameGrammar(
  profile: Profile,
  required: boolean,
): Required<Pick<CommandSpec, 'positionals' | 'options'>> {
  if (profile.positionalNames) return { positionals: [{ name: 'NAME', required }], options: [] };
  return {
    positionals: [],
    options: [{ long: 'name', short: 'n', value: 'NAME', required, help: 'Name of the machine' }],
  };
}

/** The name given on a command line that uses {@link nameGrammar}. */
export function givenName(args: Arguments): string | undefined {
  return args.positionals[0] ?? args.value('name');
}
