import type { CommandSpec, OptionSpec } from './command.ts';

const HELP: OptionSpec = { long: 'help', short: 'h', help: 'Print help' };

/** Formats an option as clap does in errors: `--cpus <N>`. */
export function nameOf(option: OptionSpec): string {
  return option.value === undefined ? `--${option.long}` : `--${option.long} <${option.value}>`;
}

export function usageOf(spec: CommandSpec): string {
  const required = spec.options.filter((option) => option.required).map(nameOf);
  const positionals = (spec.positionals ?? []).map(({ name, required }) =>
    required ? `<${name}>` : `[${name}]`,
  );
  const trailing =
    spec.trailing === undefined
      ? []
      : [spec.trailing.last ? `[-- <${spec.trailing.name}>...]` : `[--] <${spec.trailing.name}>...`];
  return ['smolvm', spec.words, '[OPTIONS]', ...required, ...positionals, ...trailing]
    .filter(Boolean)
    .join(' ');
}

export function helpOf(spec: CommandSpec): string {
  const lines = [...spec.options.filter((option) => !option.hidden), HELP].map((option) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    return `  ${`${short}${nameOf(option)}`.padEnd(34)}  ${option.help ?? ''}`.trimEnd();
  });
  return `${spec.about}\n\nUsage: ${usageOf(spec)}\n\nOptions:\n${lines.join('\n')}\n`;
}

/** Help text for a group of subcommands. */
export function groupHelp(words: string, about: string, commands: ReadonlyArray<readonly [string, string]>) {
  const lines = commands.map(([name, text]) => `  ${name.padEnd(12)}${text}`);
  const options = [
    '  -h, --help     Print help',
    ...(words === '' ? ['  -V, --version  Print version'] : []),
  ];
  const usage = ['smolvm', words, '<COMMAND>'].filter(Boolean).join(' ');
  return `${about}\n\nUsage: ${usage}\n\nCommands:\n${lines.join('\n')}\n\nOptions:\n${options.join('\n')}\n`;
}
