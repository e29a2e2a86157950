import { Writable } from 'node:stream';
import { BottleError } from '../errors.ts';
import type { Bottle } from '../guest/bottle.ts';
import { isPlainPath, PIECE, type TranscriptFile, type TranscriptPlace } from './place.ts';

const MOST_LISTED = 8 * 1024 * 1024;
const LIST = 'cd "$1" 2> /dev/null || exit 0; exec find . -type f -exec stat -c "%Y %s %n" {} +';
const READ = '[ -f "$1" ] || exit 0; tail -c +"$2" "$1" | head -c "$3"';
const TIMEOUT_MS = 60_000;

/** The session files of a running guest, read as the agent. @param directory absolute path of `transcripts` */
export function guestPlace(bottle: Bottle, directory: string): TranscriptPlace {
  return {
    async list(signal) {
      const listed = await printedBy(bottle, [LIST, 'sh', directory], MOST_LISTED, signal);
      return listed
        .toString('utf8')
        .split('\n')
        .flatMap((line) => fileOf(line) ?? []);
    },
    read: (path, from, signal) =>
      printedBy(bottle, [READ, 'sh', `${directory}/${path}`, String(from + 1), String(PIECE)], PIECE, signal),
  };
}

/** A name with a line end makes lines that name no file, or another one. */
function fileOf(line: string): TranscriptFile | undefined {
  const [, modified, bytes, path = ''] = /^(\d{1,12}) (\d{1,15}) \.\/(.+)$/.exec(line) ?? [];
  if (!isPlainPath(path)) return undefined;
  return { path, bytes: Number(bytes), modified: Number(modified) * 1000 };
}

/** Runs a script in the guest as the agent. @returns the first `most` bytes that it prints. @throws BottleError `guest-failed` */
async function printedBy(
  bottle: Bottle,
  script: readonly string[],
  most: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = most;
  const enough = new AbortController();
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(Buffer.from(chunk.subarray(0, left)));
      left -= Math.min(left, chunk.length);
      // What prints without end is not read to its end.
      if (left === 0) enough.abort();
      done();
    },
  });
  const result = await bottle.pipeAsAgent(['/bin/sh', '-c', ...script], {
    output,
    signal: AbortSignal.any([signal, enough.signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  signal.throwIfAborted();
  if (result.exitCode === 0 || left === 0) return Buffer.concat(parts);
  const said = result.stderr.trim().split('\n').at(-1) || 'no message';
  throw new BottleError('guest-failed', `reading the transcript failed in the guest: ${said}`);
}
