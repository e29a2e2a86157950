import { statSync } from 'node:fs';
import type { Arguments, Verb } from '../cli/command.ts';
import { agentError, configError, ioReason } from '../errors.ts';
import { download, upload } from '../guest/copy.ts';
import type { Profile } from '../profile.ts';
import { connectTo, openDatabase } from '../state/open.ts';

/** Size in GiB of the largest file that smolvm copies. */
const LARGEST_GIB = 4;

export function machineCp(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine cp',
      about: 'Copy a file to or from a running machine',
      positionals: [
        { name: 'SRC', required: true },
        { name: 'DST', required: true },
      ],
      options: [],
    },
    machineOf: (args) => remoteOf(args)?.machine,
    async run(args) {
      const [source = '', target = ''] = args.positionals;
      const down = machinePath(source);
      const remote = remoteOf(args);
      if (remote === undefined) {
        throw configError(
          'cp',
          'one of SRC or DST must use machine:path syntax (e.g., myvm:/workspace/file)',
        );
      }
      using database = await openDatabase(profile);
      const { guest } = connectTo(database, remote.machine, profile);
      const guestPath = guestPathOf(remote.path);
      const started = performance.now();
      if (down !== undefined) {
        await download(guest.container, guestPath, target);
        const size = statSync(target).size;
        process.stderr.write(
          `Downloading ${guestPath} -> ${target}: ${human(size)} (${human(rate(size, started))}/s)\n`,
        );
        return 0;
      }
      const size = localSize(source);
      await upload(guest.container, source, guestPath);
      const done = size === 0 ? human(0) : `${human(size)} / ${human(size)}`;
      const share = size === 0 ? '' : '100.0%, ';
      process.stderr.write(
        `Uploading ${source} -> ${guestPath}: ${done} (${share}${human(rate(size, started))}/s)\n`,
      );
      return 0;
    },
  };
}

/** The source is checked first, so a local source with a colon counts as a machine's path. */
function remoteOf({ positionals: [source = '', target = ''] }: Arguments) {
  return machinePath(source) ?? machinePath(target);
}

function machinePath(text: string): { machine: string; path: string } | undefined {
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { machine: text.slice(0, colon), path: text.slice(colon + 1) };
}

function guestPathOf(path: string): string {
  if (path.split('/').includes('..')) throw configError('cp', `path must not contain '..': ${path}`);
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return absolute.replace(/^\/workspace(?=\/|$)/, '/storage/workspace');
}

function localSize(path: string): number {
  let file: ReturnType<typeof statSync>;
  try {
    file = statSync(path);
  } catch (error) {
    throw agentError('cp', `${path}: ${ioReason(error)}`);
  }
  if (!file.isFile()) throw configError('cp', `not a regular file: ${path}`);
  if (file.size > LARGEST_GIB * 1024 ** 3)
    throw configError('cp', `file larger than ${LARGEST_GIB} GiB: ${path}`);
  return file.size;
}

const rate = (bytes: number, started: number) =>
  bytes / Math.max(0.001, (performance.now() - started) / 1000);

function human(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
