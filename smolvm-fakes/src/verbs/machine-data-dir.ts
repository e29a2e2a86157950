import type { Verb } from '../cli/command.ts';
import { notFoundError } from '../errors.ts';
import { openDatabase } from '../machine/open.ts';
import { vmDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';

export function machineDataDir(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine data-dir',
      about: "Print a machine's folder",
      positionals: [{ name: 'NAME', required: true }],
      options: [],
    },
    async run(args) {
      using database = await openDatabase();
      const name = args.positionals[0] ?? '';
      if (!profile.dataDirOfUnknownSucceeds && database.get(name) === undefined) throw notFoundError(name);
      process.stdout.write(`${vmDirectory(name)}\n`);
      return 0;
    },
  };
}
