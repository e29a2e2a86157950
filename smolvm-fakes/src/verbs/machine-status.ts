import type { Verb } from '../cli/command.ts';
import { configError, notFoundError } from '../errors.ts';
import { ensureFolder, probedState } from '../guest/folder.ts';
import { DEFAULT_NAME, validateName } from '../machine/name.ts';
import { jsonView } from '../machine/view.ts';
import type { Profile } from '../profile.ts';
import { openDatabase } from '../state/open.ts';

export function machineStatus(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine status',
      about: 'Show the state of a machine',
      options: [
        { long: 'name', short: 'n', value: 'NAME', help: 'Machine to show [default: default]' },
        { long: 'json', help: 'Print JSON' },
      ],
    },
    async run(args) {
      using database = await openDatabase(profile);
      const name = args.value('name') ?? DEFAULT_NAME;
      const record = database.get(name);
      if (args.has('json')) {
        if (record === undefined) throw configError('machine status', `machine '${name}' not found`);
        process.stdout.write(`${JSON.stringify(jsonView(record, profile), undefined, 2)}\n`);
        return 0;
      }
      validateName(name, 'validate machine name');
      if (record !== undefined || profile.unknownMakesFolder) ensureFolder(name);
      if (record === undefined && args.has('name')) throw notFoundError(name);
      const running = record !== undefined && probedState(record) === 'running';
      process.stdout.write(
        `Machine '${name}': ${running ? `running (PID: ${record.pid})` : 'not running'}\n`,
      );
      return 0;
    },
  };
}
