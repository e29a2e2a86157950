import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, posix } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { BottleError } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { isMissing } from '../../host/files.ts';
import { visibleName } from '../../host/visible.ts';
import { counting } from './counting.ts';
import { guestError, lookInGuest } from './in-guest.ts';
import { guestPath, namesContents, namesFolder, type Places } from './places.ts';

export interface CopyContext {
  readonly bottle: Bottle;
  readonly signal: AbortSignal;
  /** Called with the number of bytes of each piece that has passed. */
  readonly onBytes: (count: number) => void;
  readonly say: (line: string) => void;
}

const MAKE_FOLDER = 'mkdir -p "$1"';
/** Unpacks its standard input as the agent; `-p` keeps modes, whatever the umask. */
const UNPACK = `${MAKE_FOLDER} && exec tar -x -p -f - -C "$1"`;

/** Copies a file or folder of the host into the guest, as the agent. @returns where it is now. */
export async function copyIn({ host, guest }: Places, context: CopyContext): Promise<string> {
  const { bottle, signal } = context;
  const source = await sourceOf(host);
  const asked = guestPath(bottle.agent, guest);
  const look = (path: string) => lookInGuest(bottle, path, { needsTar: true, signal });
  const found = await look(asked);
  if (found === 'nowhere') throw refused(`the folder ${posix.dirname(asked)} does not exist in the guest`);
  if (found === 'nothing' && !source.isFolder && guest !== '' && namesFolder(guest)) {
    throw refused(`the folder ${asked} does not exist in the guest`);
  }
  const isInside = found === 'folder' && !(source.isFolder && namesContents(host));
  const target = isInside ? posix.join(asked, basename(source.path)) : asked;
  const there = isInside ? await look(target) : found;
  if (source.isFolder && (there === 'file' || there === 'other')) {
    throw refused(`${target} in the guest is no folder, and ${host} is one`);
  }
  if (!source.isFolder && there === 'folder')
    throw refused(`${target} in the guest is a folder, and ${host} is a file`);
  if (source.isFolder) {
    const names = (await readdir(source.path)).map((name) => `./${name}`);
    // The library makes no archive of nothing.
    const input = names.length === 0 ? Readable.from([]) : archive(source.path, names, context);
    const command = names.length === 0 ? MAKE_FOLDER : UNPACK;
    await send(input, ['/bin/sh', '-c', command, 'sh', target], context);
  } else {
    const file = archive(
      dirname(source.path),
      [`./${basename(source.path)}`],
      context,
      posix.basename(target),
    );
    await send(file, ['/bin/sh', '-c', UNPACK, 'sh', posix.dirname(target)], context);
  }
  return target;
}

/** Writes standard input to a file of the guest, or unpacks it as a tar archive where TO ends with `/`. */
export async function copyStreamIn(
  input: Readable,
  { guest }: Places,
  context: CopyContext,
): Promise<string> {
  const { bottle, signal } = context;
  const target = guestPath(bottle.agent, guest);
  const isArchive = namesFolder(guest);
  const found = await lookInGuest(bottle, target, { needsTar: isArchive, signal });
  if (found === 'folder' && !isArchive)
    throw refused(`${target} in the guest is a folder; \`/\` at its end unpacks a tar archive there`);
  if (found === 'nowhere' && !isArchive)
    throw refused(`the folder ${posix.dirname(target)} does not exist in the guest`);
  await send(input, ['/bin/sh', '-c', isArchive ? UNPACK : 'exec cat > "$1"', 'sh', target], context);
  return target;
}

async function sourceOf(host: string): Promise<{ path: string; isFolder: boolean }> {
  try {
    // The path itself may be a link; links inside a folder stay links.
    const path = await realpath(host);
    const found = await stat(path);
    if (found.isFile() || found.isDirectory()) return { path, isFolder: found.isDirectory() };
  } catch (error) {
    if (isMissing(error)) throw refused(`${host} does not exist`);
    throw error;
  }
  throw refused(`${host} is neither a file nor a folder`);
}

/** Returns a tar archive of files, without the operator's name and ids; `name` renames a single one. */
function archive(cwd: string, paths: readonly string[], { say }: CopyContext, name?: string): Readable {
  const output = new PassThrough();
  const pack = create(
    {
      ...{ cwd, portable: true },
      // Sockets and pipes: the library never ends when it meets one.
      filter: (path, found) => {
        const isKnown =
          !('isFIFO' in found) || found.isFile() || found.isDirectory() || found.isSymbolicLink();
        if (!isKnown) say(`left out ${visibleName(path)}, which is neither file, folder nor link`);
        return isKnown;
      },
      onWriteEntry: (entry) => {
        if (name !== undefined) entry.path = `./${name}`;
      },
    },
    [...paths],
  );
  pack.on('error', (error) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  pack.pipe(output);
  return output;
}

async function send(input: Readable, command: readonly string[], context: CopyContext): Promise<void> {
  const { bottle, signal, onBytes } = context;
  const counted = counting(onBytes);
  const stop = new AbortController();
  const sending = pipeline(input, counted, { signal }).catch((error: unknown) => {
    // The guest must not take a part for the whole.
    stop.abort();
    throw error;
  });
  const receiving = bottle.pipeAsAgent(command, {
    input: counted,
    signal: AbortSignal.any([signal, stop.signal]),
  });
  // A command that has ended reads no more.
  const [sent, result] = await Promise.allSettled([sending, receiving.finally(() => counted.destroy())]);
  signal.throwIfAborted();
  if (result.status === 'rejected') throw result.reason;
  if (sent.status === 'rejected' && !isPrematureClose(sent.reason)) throw sent.reason;
  if (result.value.exitCode !== 0) throw guestError('the copy', result.value);
}

/** Whether the reader has left before the end. */
function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

export function refused(message: string): BottleError {
  return new BottleError('usage', message);
}
