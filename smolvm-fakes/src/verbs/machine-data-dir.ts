import type { Verb } from '../cli/command.ts';
import { notFoundError } from '../errors.ts';
import { givenName, nameGrammar } from '../machine/name-grammar.ts';
import { vmDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { openDatabase } from '../state/open.ts';

export function machineDataDir(profile: Profile): Verb {
  const grammar = nameGrammar(profile, true);
  return {
    spec: {
      words: 'machine data-dir',
      about: "Print a machine's folder",
      positionals: grammar.positionals,
      options: grammar.options,
    },
    async run(args) {
      using database = await openDatabase(profile);
      const name = givenName(args) ?? '';
      if (!profile.dataDirOfUnknownSucceeds && database.get(name) === undefined) throw notFoundError(name);
      process.stdout.write(`${vmDirectory(name)}\n`);
      return 0;
    },
  };
}
