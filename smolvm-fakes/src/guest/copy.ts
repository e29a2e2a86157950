import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { SmolvmError } from '../errors.ts';
import { execInGuest } from './exec.ts';

/**
 * Both directions go through a process in the guest, so that a symlink planted there cannot lead to the host.
 * The path is an argument of the script, never part of it.
 */
const WRITE = `set -e
case $1 in */*) [ -d "\${1%/*}/" ] || mkdir -p "\${1%/*}/" ;; esac
[ ! -d "$1" ] || { echo "is a directory: $1" >&2; exit 1; }
part="$1.smolvm-part.$$"
trap 'rm -f "$part"' EXIT
cat > "$part"
chmod 0644 "$part"
mv -f "$part" "$1"`;

const READ = `[ -f "$1" ] || { echo "not a regular file: $1" >&2; exit 1; }
exec cat "$1"`;

/** Copies a local file into the guest, atomically, owned by root with mode 0644. */
export async function upload(container: string, local: string, guestPath: string): Promise<void> {
  const child = execInGuest(container, script(WRITE, guestPath), { stdin: true });
  if (child.stdin === null) throw new Error('the guest process has no input');
  const said = text(child.stderr);
  child.stdout.resume();
  await pipeline(createReadStream(local), child.stdin).catch(() => undefined);
  const ending = await child.ended;
  if (ending.kind !== 'exited' || ending.code !== 0) throw failed('write', guestPath, await said);
}

/** Copies a file from the guest to a local path, which is removed on failure. */
export async function download(container: string, guestPath: string, local: string): Promise<void> {
  const child = execInGuest(container, script(READ, guestPath), { stdin: false });
  const said = text(child.stderr);
  try {
    const [, ending] = await Promise.all([pipeline(child.stdout, createWriteStream(local)), child.ended]);
    if (ending.kind !== 'exited' || ending.code !== 0) throw failed('read', guestPath, await said);
  } catch (error) {
    rmSync(local, { force: true });
    throw error;
  }
}

function script(body: string, path: string) {
  return { args: ['/bin/sh', '-c', body, 'cp', path], env: [], cwd: '/' };
}

function failed(what: string, path: string, said: string): SmolvmError {
  return new SmolvmError(`agent operation failed: file ${what}: ${said.trim() || path}`);
}
