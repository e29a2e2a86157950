import { existsSync, rmSync } from 'node:fs';
import type { Verb } from '../cli/command.ts';
import { notFoundError } from '../errors.ts';
import { dieIfAsked } from '../faults/faults.ts';
import { runningGuest } from '../guest/folder.ts';
import { haltGuest } from '../guest/halt.ts';
import { givenName, nameGrammar } from '../machine/name-grammar.ts';
import { vmDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { openDatabase } from '../state/open.ts';

export function machineDelete(profile: Profile): Verb {
  const grammar = nameGrammar(profile, true);
  return {
    spec: {
      words: 'machine delete',
      about: 'Delete a machine',
      positionals: grammar.positionals,
      options: [
        ...grammar.options,
        { long: 'force', short: 'f', help: 'Do not ask' },
        ...(profile.deleteCascades ? [{ long: 'cascade', help: 'Delete fork clones too' }] : []),
      ],
    },
    machineOf: (args) => givenName(args),
    async run(args) {
      using database = await openDatabase(profile);
      const name = givenName(args) ?? '';
      const record = database.get(name);
      if (record === undefined) throw notFoundError(name);
      if (!args.has('force') && !(await confirmed(name))) {
        process.stdout.write('Cancelled\n');
        return 0;
      }
      const guest = runningGuest(record);
      if (guest !== undefined && !profile.deleteLeavesVmRunning) {
        process.stdout.write(`Stopping machine '${name}'...\n`);
        await haltGuest(guest);
      }
      database.remove(name);
      dieIfAsked('delete');
      const folder = vmDirectory(name);
      if (existsSync(folder)) {
        process.stdout.write(`Cleaning up data directory for vm: ${name}\n`);
        rmSync(folder, { recursive: true, force: true });
      }
      process.stdout.write(`Deleted machine: ${name}\n`);
      return 0;
    },
  };
}

/** Prompts on stderr; only `y` or `yes` on the first line of stdin confirms. */
async function confirmed(name: string): Promise<boolean> {
  process.stderr.write(`Delete machine '${name}'? [y/N] `);
  let answer = '';
  for await (const chunk of process.stdin) {
    answer += String(chunk);
    if (answer.includes('\n')) break;
  }
  return ['y', 'yes'].includes((answer.split('\n')[0] ?? '').trim().toLowerCase());
}
