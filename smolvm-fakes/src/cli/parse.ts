import { messageOf, UsageError } from '../errors.ts';
import type { Arguments, CommandSpec, OptionSpec } from './command.ts';
import { nameOf, usageOf } from './help.ts';

/** Parses a command line as clap would. @throws UsageError in clap's wording. */
export function parseArguments(spec: CommandSpec, words: readonly string[]): Arguments | 'help' {
  const found = new Map<string, string[]>();
  const positionals: string[] = [];
  const rest = [...words];

  const take = (option: OptionSpec, shown: string, attached: string | undefined) => {
    const values = found.get(option.long) ?? [];
    if (values.length > 0 && !option.many) {
      throw usage(spec, `the argument '${nameOf(option)}' cannot be used multiple times`);
    }
    if (option.value === undefined) {
      if (attached !== undefined)
        throw usage(spec, `unexpected value '${attached}' for '${shown}' found; no more were expected`);
      found.set(option.long, [...values, '']);
      return;
    }
    const next = rest[0];
    const value = attached ?? (next !== undefined && !/^-./.test(next) ? rest.shift() : undefined);
    if (value === undefined) {
      throw usage(spec, `a value is required for '${nameOf(option)}' but none was supplied`, false);
    }
    refuseInvalid(spec, option, value);
    found.set(option.long, [...values, value]);
  };

  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    if (word === '--') {
      positionals.push(...rest.splice(0));
      break;
    }
    if (word === '-h' || word === '--help') return 'help';
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const long = word.slice(2, equals === -1 ? undefined : equals);
      const option = spec.options.find((each) => each.long === long);
      if (option === undefined) throw usage(spec, `unexpected argument '--${long}' found`);
      take(option, `--${long}`, equals === -1 ? undefined : word.slice(equals + 1));
    } else if (/^-./.test(word)) {
      takeShorts(word.slice(1));
    } else {
      if (spec.trailing?.last) throw usage(spec, `unexpected argument '${word}' found`);
      positionals.push(word);
      if (spec.trailing !== undefined) positionals.push(...rest.splice(0));
    }
  }

  function takeShorts(letters: string): void {
    const option = spec.options.find((each) => each.short === letters[0]);
    if (option === undefined) throw usage(spec, `unexpected argument '-${letters[0]}' found`);
    const tail = letters.slice(1);
    if (option.value !== undefined) {
      take(option, `-${option.short}`, tail === '' ? undefined : tail.replace(/^=/, ''));
      return;
    }
    take(option, `-${option.short}`, undefined);
    if (tail !== '') takeShorts(tail);
  }

  refuseConflicts(spec, found);
  const named = spec.trailing === undefined ? positionals : [];
  refuseMissing(spec, found, named, positionals);
  return {
    has: (long) => found.has(long),
    value: (long) => found.get(long)?.at(-1),
    values: (long) => found.get(long) ?? [],
    positionals: named,
    trailing: spec.trailing === undefined ? [] : positionals,
  };
}

function refuseInvalid(spec: CommandSpec, option: OptionSpec, value: string): void {
  try {
    option.check?.(value);
  } catch (error) {
    throw usage(spec, `invalid value '${value}' for '${nameOf(option)}': ${messageOf(error)}`, false);
  }
}

function refuseConflicts(spec: CommandSpec, found: ReadonlyMap<string, string[]>): void {
  for (const option of spec.options.filter((each) => found.has(each.long))) {
    const rival = spec.options.find((each) => found.has(each.long) && option.conflicts?.includes(each.long));
    if (rival === undefined) continue;
    throw usage(spec, `the argument '${nameOf(option)}' cannot be used with '${nameOf(rival)}'`);
  }
}

function refuseMissing(
  spec: CommandSpec,
  found: ReadonlyMap<string, string[]>,
  named: readonly string[],
  all: readonly string[],
): void {
  const slots = spec.positionals ?? [];
  const extra = named[slots.length];
  if (extra !== undefined) throw usage(spec, `unexpected argument '${extra}' found`);
  const missing = [
    ...spec.options.filter((each) => each.required && !found.has(each.long)).map(nameOf),
    ...slots
      .filter((slot, index) => slot.required && named[index] === undefined)
      .map(({ name }) => `<${name}>`),
    ...(spec.trailing?.required && all.length === 0 ? [`<${spec.trailing.name}>...`] : []),
  ];
  if (missing.length === 0) return;
  const list = missing.map((name) => `  ${name}`).join('\n');
  throw usage(spec, `the following required arguments were not provided:\n${list}`);
}

function usage(spec: CommandSpec, message: string, withUsage = true): UsageError {
  const line = withUsage ? `\n\nUsage: ${usageOf(spec)}` : '';
  return new UsageError(`error: ${message}${line}\n\nFor more information, try '--help'.\n`);
}
