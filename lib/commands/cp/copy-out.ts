import { lstat, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, posix, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { isMissing } from '../../host/files.ts';
import { type CopyContext, refused } from './copy-in.ts';
import type { Limits } from './entry-rules.ts';
import { lookInGuest } from './in-guest.ts';
import { guestPath, namesContents, namesFolder, type Places } from './places.ts';
import { receive } from './receive.ts';
import { type Unpacked, unpackInto } from './unpack.ts';

/**
 * Copies a file or folder out of the guest, as the agent. It is unpacked beside its place and moved there at the end, so
 * that nothing is left when it is refused or interrupted.
 * @throws BottleError `work-refused` for what no honest tar would send, `usage` when something is in the way
 */
export async function copyOut(
  { host, guest }: Places,
  limits: Limits,
  context: CopyContext,
): Promise<Unpacked & { target: string }> {
  const source = guestPath(context.bottle.agent, guest);
  const kind = await kindOf(source, context);
  const target = await targetOf(host, kind, namesContents(guest) ? '' : posix.basename(source));
  const staging = await mkdtemp(join(dirname(target), '.bottle-cp-'));
  try {
    const root = join(staging, 'root');
    await mkdir(root, { mode: 0o700 });
    const { stream, finish } = unpackInto(root, limits);
    await receive(tarOf(source, kind), stream, context).finally(() => stream.settled());
    const unpacked = await finish();
    context.signal.throwIfAborted();
    await rename(kind === 'folder' ? root : await onlyFileIn(root), target);
    return { ...unpacked, target };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Writes a file's content, or a folder's tar archive, which is not checked. `output` is not ended. */
export async function copyStreamOut(
  { guest }: Places,
  output: Writable,
  context: CopyContext,
): Promise<void> {
  const source = guestPath(context.bottle.agent, guest);
  const kind = await kindOf(source, context);
  if (kind === 'folder' && process.stdout.isTTY)
    throw refused('a folder is a tar archive, which is nothing for a terminal');
  const command =
    kind === 'folder' ? tarOf(source, kind) : ['/bin/sh', '-c', 'exec cat < "$1"', 'sh', source];
  await receive(command, output, context, { end: false }).catch((error: NodeJS.ErrnoException) => {
    // The reader of the pipe has seen enough.
    if (error.code !== 'EPIPE') throw error;
  });
}

async function kindOf(source: string, { bottle, signal }: CopyContext): Promise<'file' | 'folder'> {
  const kind = await lookInGuest(bottle, source, { needsTar: true, signal });
  if (kind === 'file' || kind === 'folder') return kind;
  throw refused(
    `${source} ${kind === 'other' ? 'is neither a file nor a folder' : 'does not exist'} in the guest`,
  );
}

/** A file that is a link is followed; links in a folder stay links. */
function tarOf(source: string, kind: 'file' | 'folder'): string[] {
  if (kind === 'folder') return ['tar', '-c', '-f', '-', '-C', source, '.'];
  return ['tar', '-c', '-h', '-f', '-', '-C', posix.dirname(source), `./${posix.basename(source)}`];
}

/** As in `docker cp`: into a folder that exists, else to that name; never over a folder, nor a folder over a file. */
async function targetOf(host: string, kind: 'file' | 'folder', name: string): Promise<string> {
  const asked = resolve(host);
  const isFolder = (await statOrNothing(asked))?.isDirectory() === true;
  if (!isFolder && kind === 'file' && namesFolder(host)) throw refused(`the folder ${host} does not exist`);
  const target = isFolder && name !== '' ? join(asked, name) : asked;
  const there = await lstat(target).catch(() => undefined);
  if (kind === 'file') {
    if (there?.isDirectory()) throw refused(`${target} is a folder, and the guest has a file`);
  } else if (there !== undefined && !(there.isDirectory() && (await readdir(target)).length === 0)) {
    throw refused(`${target} exists already; choose another TO`);
  }
  if ((await statOrNothing(dirname(target)))?.isDirectory() !== true) {
    throw refused(`the folder ${dirname(target)} does not exist`);
  }
  return target;
}

async function onlyFileIn(root: string): Promise<string> {
  const [only, ...more] = await readdir(root, { withFileTypes: true });
  if (only?.isFile() && more.length === 0) return join(root, only.name);
  throw refused('the guest did not send the one file that was asked for');
}

async function statOrNothing(path: string) {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
