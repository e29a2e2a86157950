import { rmSync } from 'node:fs';
import type { Arguments, Verb } from '../cli/command.ts';
import { dieIfAsked } from '../faults/faults.ts';
import { ensureFolder } from '../guest/folder.ts';
import { createGrammar } from '../machine/create-grammar.ts';
import { acceptedName, nameTaken } from '../machine/name.ts';
import { givenName } from '../machine/name-grammar.ts';
import { packedRecord, plainRecord } from '../machine/new-machine.ts';
import { vmDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';
import type { Database } from '../state/database.ts';
import { openDatabase } from '../state/open.ts';
import type { VmRecord } from '../state/record.ts';

export function machineCreate(profile: Profile): Verb {
  return {
    spec: createGrammar(profile),
    machineOf: () => undefined,
    async run(args) {
      using database = await openDatabase(profile);
      const accept = () => acceptedName(givenName(args), database, profile);
      if (!profile.reservations) return await create(args, profile, database, accept);
      // The name is reserved first, and a failure after that leaves nothing behind.
      const name = accept();
      using _held = database.reserve(name) ?? refuse(name, profile);
      try {
        return await create(args, profile, database, () => name);
      } catch (error) {
        if (database.get(name) === undefined) rmSync(vmDirectory(name), { recursive: true, force: true });
        throw error;
      }
    },
  };
}

async function create(
  args: Arguments,
  profile: Profile,
  database: Database,
  accept: () => string,
): Promise<number> {
  const from = args.value('from');
  const record =
    from === undefined
      ? await plainRecord(args, profile, accept())
      : await packedRecord(args, profile, from, accept);
  dieIfAsked('create');
  if (!database.insert(record)) refuse(record.name, profile);
  ensureFolder(record.name, record.storage_gb ?? undefined, record.overlay_gb ?? undefined);
  process.stdout.write(summaryOf(record));
  return 0;
}

function refuse(name: string, profile: Profile): never {
  throw nameTaken(name, profile);
}

function summaryOf(record: VmRecord): string {
  const { name, mounts, ports, init } = record;
  return [
    `Created machine: ${name}`,
    `  CPUs: ${record.cpus}, Memory: ${record.mem} MiB`,
    ...(mounts.length > 0 ? [`  Mounts: ${mounts.length}`] : []),
    ...(ports.length > 0 ? [`  Ports: ${ports.length}`] : []),
    ...(init.length > 0 ? [`  Init commands: ${init.length}`] : []),
    '',
    `Use 'smolvm machine start --name ${name}' to start the machine`,
    `Then use 'smolvm machine exec --name ${name} -- <command>' to run commands`,
    '',
  ].join('\n');
}
