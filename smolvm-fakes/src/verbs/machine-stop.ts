import type { Verb } from '../cli/command.ts';
import { notFoundError } from '../errors.ts';
import { dieIfAsked } from '../faults/faults.ts';
import { ensureFolder, forgetRunning, probedState, runningGuest } from '../guest/folder.ts';
import { haltGuest } from '../guest/halt.ts';
import { DEFAULT_NAME, validateName } from '../machine/name.ts';
import type { Profile } from '../profile.ts';
import { openDatabase } from '../state/open.ts';

export function machineStop(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine stop',
      about: 'Stop a running machine',
      options: [{ long: 'name', short: 'n', value: 'NAME', help: 'Machine to stop [default: default]' }],
    },
    machineOf: (args) => args.value('name') ?? DEFAULT_NAME,
    async run(args) {
      using database = await openDatabase(profile);
      const name = args.value('name') ?? DEFAULT_NAME;
      const record = database.get(name);
      if (record === undefined) {
        validateName(name, 'validate machine name');
        if (profile.unknownMakesFolder) ensureFolder(name);
        if (!args.has('name')) {
          process.stdout.write(`Stopping machine '${name}'...\nMachine '${name}' stopped\n`);
          return 0;
        }
        if (!profile.stopOfUnknownSucceeds) throw notFoundError(name);
        process.stdout.write(`Machine '${name}' not found or not running\n`);
        return 0;
      }
      const folder = ensureFolder(name);
      const state = probedState(record);
      if (state !== 'running' && state !== 'unreachable') {
        process.stdout.write(`Machine '${name}' is not running (state: ${state})\n`);
        return 0;
      }
      process.stdout.write(`Stopping machine '${name}'...\n`);
      const guest = runningGuest(record);
      if (guest !== undefined) await haltGuest(guest);
      dieIfAsked('stop');
      forgetRunning(folder);
      database.update({ ...record, state: 'stopped', pid: null, pid_start_time: null });
      process.stdout.write(`Stopped machine: ${name}\n`);
      return 0;
    },
  };
}
