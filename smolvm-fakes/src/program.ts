import { groupHelp, helpOf } from './cli/help.ts';
import { parseArguments } from './cli/parse.ts';
import { UsageError } from './errors.ts';
import { beforeVerb, faults } from './faults/faults.ts';
import { livePid } from './guest/folder.ts';
import { type Profile, profileOf, VERSIONS } from './profile.ts';
import { enterNamespace } from './system/enter.ts';
import { isInside, isRootless } from './system/rootless.ts';
import { type Entry, MACHINE, PACK } from './verbs/table.ts';

const GROUPS = [
  { names: ['machine', 'vm'], about: 'Manage machines [aliases: vm]', entries: MACHINE },
  { names: ['pack'], about: 'Package machines', entries: PACK },
] as const;

const OBSTACLES = '--fake-obstacles';

/** Runs a command line as smolvm `version`. @returns the exit code. @throws UsageError, SmolvmError. */
export async function play(version: string, words: readonly string[]): Promise<number> {
  const profile = profileOf(version);
  if (profile === undefined) {
    throw new UsageError(
      `error: the fake smolvm cannot play '${version}'; it knows ${VERSIONS.join(', ')}\n`,
    );
  }
  faults();
  const [first, ...rest] = words;
  const top = groupHelp('', 'Build and run portable virtual machines', GROUPS.map(listed));
  if (first === undefined) throw new UsageError(top);
  if (first === '--version' || first === '-V') return print(`smolvm ${version}\n`);
  if (first === '--help' || first === '-h' || first === 'help') return print(top);
  if (first === OBSTACLES) return await printObstacles(profile);
  if (first.startsWith('-')) throw usage(`unexpected argument '${first}' found`, 'smolvm <COMMAND>');
  const group = GROUPS.find(({ names }) => names.some((name) => name === first));
  if (group === undefined) throw usage(`unrecognized subcommand '${first}'`, 'smolvm <COMMAND>');
  return runGroup(group.names[0], group.about, group.entries, profile, rest);
}

async function runGroup(
  words: string,
  about: string,
  entries: readonly Entry[],
  profile: Profile,
  rest: readonly string[],
): Promise<number> {
  const [name, ...args] = rest;
  const help = groupHelp(words, about, entries.map(listed));
  const line = `smolvm ${words} <COMMAND>`;
  if (name === undefined) throw new UsageError(help);
  if (name === '--help' || name === '-h' || name === 'help') return print(help);
  if (name.startsWith('-')) throw usage(`unexpected argument '${name}' found`, line);
  const entry = entries.find(({ names }) => names.includes(name));
  if (entry === undefined) throw usage(`unrecognized subcommand '${name}'`, line);
  const verb = await entry.load(profile);
  const parsed = parseArguments(verb.spec, args);
  if (parsed === 'help') return print(helpOf(verb.spec));
  if (verb.machineOf !== undefined) await enterIfNeeded(profile, verb.machineOf(parsed));
  await beforeVerb(words === 'pack' ? 'pack' : entry.names[0]);
  return await verb.run(parsed);
}

/**
 * Without root, continues in the namespace of the machine, or in a new one if it does not run. Where that is impossible,
 * stays outside: verbs that start no guest work there too.
 */
async function enterIfNeeded(profile: Profile, machine: string | undefined): Promise<void> {
  if (isInside() || !isRootless()) return;
  const pid = machine === undefined ? undefined : livePid(machine);
  if (pid !== undefined) enterNamespace(pid);
  const { obstacles } = await import('./guest/obstacles.ts');
  if (obstacles(profile).length === 0) enterNamespace(undefined);
}

/** Prints what keeps guests from starting here, one a line. Not a command of smolvm: launches ask it of the fake. */
async function printObstacles(profile: Profile): Promise<number> {
  const { obstacles } = await import('./guest/obstacles.ts');
  return print(
    obstacles(profile)
      .map((each) => `${each}\n`)
      .join(''),
  );
}

function listed(entry: { names: readonly [string, ...string[]]; about: string }) {
  return [entry.names[0], entry.about] as const;
}

function usage(message: string, line: string): UsageError {
  return new UsageError(`error: ${message}\n\nUsage: ${line}\n\nFor more information, try '--help'.\n`);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
