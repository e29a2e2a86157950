import type { Arguments, OptionSpec, Verb } from '../cli/command.ts';
import { parseEnv } from '../cli/env.ts';
import { parsePort, parseU8, parseU32 } from '../cli/values.ts';
import { configError, notFoundError, SmolvmError } from '../errors.ts';
import { probedState } from '../guest/folder.ts';
import { givenName, nameGrammar } from '../machine/name-grammar.ts';
import { parseVolume } from '../machine/volume.ts';
import type { Profile } from '../profile.ts';
import { openDatabase } from '../state/open.ts';
import type { VmRecord } from '../state/record.ts';

const OPTIONS: readonly OptionSpec[] = [
  { long: 'volume', short: 'v', value: 'HOST:GUEST[:ro]', many: true },
  { long: 'remove-volume', value: 'GUEST', many: true },
  { long: 'port', short: 'p', value: 'HOST:GUEST', many: true, check: parsePort },
  { long: 'remove-port', value: 'HOST', many: true, check: parseU32 },
  { long: 'cpus', value: 'N', check: parseU8 },
  { long: 'mem', value: 'MiB', check: parseU32 },
  { long: 'net', conflicts: ['no-net'] },
  { long: 'no-net' },
  { long: 'env', short: 'e', value: 'K=V', many: true },
  { long: 'remove-env', value: 'KEY', many: true },
  { long: 'workdir', short: 'w', value: 'DIR' },
];

export function machineUpdate(profile: Profile): Verb {
  const grammar = nameGrammar(profile, true);
  return {
    spec: {
      words: 'machine update',
      about: 'Change a stopped machine',
      positionals: grammar.positionals,
      options: [...grammar.options, ...OPTIONS],
    },
    async run(args) {
      using database = await openDatabase(profile);
      const name = givenName(args) ?? '';
      const record = database.get(name);
      if (record === undefined) throw notFoundError(name);
      const state = probedState(record);
      if (state !== 'created' && state !== 'stopped') {
        const shown = `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
        throw new SmolvmError(`invalid vm state: expected stopped, got ${shown}`);
      }
      const changes: string[] = [];
      const updated = changed(record, args, changes, profile);
      if (changes.length === 0) {
        process.stdout.write('No changes specified.\n');
        return 0;
      }
      database.update(updated);
      const lines = changes.map((change) => `  ${change}\n`).join('');
      process.stdout.write(
        `Updated machine '${name}':\n${lines}\nStart with: smolvm machine start --name ${name}\n`,
      );
      return 0;
    },
  };
}

/** Returns the record with the changes that `args` request, and describes each in `said`. */
function changed(record: VmRecord, args: Arguments, said: string[], profile: Profile): VmRecord {
  const next = structuredClone(record);
  for (const text of args.values('volume')) {
    next.mounts.push(parseVolume(text));
    said.push(`Added volume: ${text}`);
  }
  for (const guest of args.values('remove-volume')) {
    next.mounts = next.mounts.filter(([, target]) => target !== guest);
    said.push(`Removed volume: ${guest}`);
  }
  for (const text of args.values('port')) {
    next.ports.push(parsePort(text));
    said.push(`Added port: ${text}`);
  }
  for (const host of args.values('remove-port')) {
    next.ports = next.ports.filter(([port]) => port !== Number(host));
    said.push(`Removed port: ${host}`);
  }
  for (const [option, field, label] of [
    ['cpus', 'cpus', 'CPUs'],
    ['mem', 'mem', 'Memory'],
  ] as const) {
    const value = args.value(option);
    if (value === undefined) continue;
    next[field] = Number(value);
    said.push(`${label}: ${record[field]} -> ${value}`);
  }
  changeNetwork(next, args, said);
  changeEnv(next, args, said, profile);
  const workdir = args.value('workdir');
  if (workdir !== undefined) {
    next.workdir = workdir;
    said.push(`Workdir: ${workdir}`);
  }
  return next;
}

/** `--no-net` also clears the policy, which would otherwise turn the network on by itself. */
function changeNetwork(record: VmRecord, args: Arguments, said: string[]): void {
  if (args.has('net')) {
    record.network = true;
    said.push('Network: enabled');
  }
  if (args.has('no-net')) {
    record.network = false;
    record.allowed_cidrs = null;
    delete record.dns_filter_hosts;
    said.push('Network: disabled');
  }
}

function changeEnv(record: VmRecord, args: Arguments, said: string[], profile: Profile): void {
  for (const entry of args.values('env')) {
    const [pair] = parseEnv([entry], profile);
    if (pair === undefined) throw configError('update machine', `invalid env '${entry}': expected KEY=VALUE`);
    record.env = [...record.env.filter(([key]) => key !== pair[0]), pair];
    said.push(`Env: ${entry}`);
  }
  for (const key of args.values('remove-env')) {
    record.env = record.env.filter(([each]) => each !== key);
    said.push(`Removed env: ${key}`);
  }
}
