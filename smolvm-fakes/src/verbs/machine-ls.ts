import type { Verb } from '../cli/command.ts';
import { probedState } from '../guest/folder.ts';
import { jsonView } from '../machine/view.ts';
import type { Profile } from '../profile.ts';
import { openDatabase } from '../state/open.ts';
import type { VmRecord } from '../state/record.ts';

/** Default disk sizes in GiB. */
const STORAGE_GB = 20;
const OVERLAY_GB = 10;
const LINE_WIDTH = 88;

export function machineLs(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine ls',
      about: 'List machines',
      options: [
        { long: 'verbose', short: 'v', help: 'Show details' },
        { long: 'json', help: 'Print JSON' },
      ],
    },
    async run(args) {
      using database = await openDatabase(profile);
      const records = database.all();
      if (args.has('json')) {
        process.stdout.write(
          `${JSON.stringify(
            records.map((record) => jsonView(record, profile)),
            undefined,
            2,
          )}\n`,
        );
        return 0;
      }
      if (records.length === 0) {
        process.stdout.write('No machines found\n');
        return 0;
      }
      const head = row('NAME', 'STATE', 'CPUS', 'MEMORY', 'MOUNTS', 'PORTS', 'STORAGE', 'OVERLAY');
      process.stdout.write(`${head}\n${'-'.repeat(LINE_WIDTH)}\n`);
      for (const record of records) {
        process.stdout.write(`${rowOf(record)}\n`);
        if (args.has('verbose')) process.stdout.write(detailsOf(record));
      }
      return 0;
    },
  };
}

function rowOf(record: VmRecord): string {
  return row(
    record.name.slice(0, 18),
    `${probedState(record)}${record.ephemeral ? ' (eph)' : ''}`,
    String(record.cpus),
    `${record.mem} MiB`,
    String(record.mounts.length),
    String(record.ports.length),
    `${record.storage_gb ?? STORAGE_GB} GiB`,
    `${record.overlay_gb ?? OVERLAY_GB} GiB`,
  );
}

function row(name: string, state: string, ...rest: string[]): string {
  const widths = [5, 10, 7, 7, 8, 8];
  const right = rest.map((text, index) => text.padStart(widths[index] ?? 0));
  return [name.padEnd(20), state.padEnd(12), ...right].join(' ');
}

/** Shows environment values in plain text, secrets included, because smolvm does. */
function detailsOf(record: VmRecord): string {
  const lines = [
    ...(record.pid === null ? [] : [`PID: ${record.pid}`]),
    ...record.mounts.map(([host, guest, readOnly]) => `Mount: ${host} -> ${guest}${readOnly ? ' (ro)' : ''}`),
    ...record.ports.map(([host, guest]) => `Port: ${host} -> ${guest}`),
    ...(record.network ? ['Network: enabled'] : []),
    ...(record.gpu ? ['GPU: enabled'] : []),
    ...record.init.map((command) => `Init: ${command}`),
    ...record.env.map(([key, value]) => `Env: ${key}=${value}`),
    ...(record.workdir === null ? [] : [`Workdir: ${record.workdir}`]),
    `Created: ${new Date(record.created_at * 1000).toISOString().replace('.000Z', '+00:00')}`,
  ];
  return `${lines.map((line) => `  ${line}`).join('\n')}\n\n`;
}
