import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditFiles } from '../../daemons/contract/audit-files.ts';
import { isMissing } from '../../host/files.ts';

export interface FollowOptions {
  /** Whether more may be written; called each time that all is read. */
  readonly isGoingOn: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** A line of the audit, or `undefined` when everything written so far has been yielded. */
export type AuditText = string | undefined;

/** Milliseconds between polls. Watching the directory does not work when the engine runs in a VM. */
const POLL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** In characters; the daemons write shorter lines. */
const MAX_LINE = 256 * 1024;

/**
 * Yields the lines of all of an audit’s files in `directory`, oldest first, without an unfinished last line. Ends
 * when all is read and nothing more may be written, or when aborted.
 */
export async function* auditLines(
  directory: string,
  files: AuditFiles,
  options: FollowOptions,
): AsyncGenerator<AuditText> {
  let number = 0;
  for (;;) {
    const next = await fileAfter(directory, files, number);
    if (next !== undefined) {
      number = next;
      yield* linesOf(directory, files, number, options);
    } else {
      yield undefined;
      if (!(await shouldContinue(options))) return;
    }
    if (options.signal.aborted) return;
  }
}

/** Yields the lines of one file until there is a newer file, or nothing more may be written. */
async function* linesOf(
  directory: string,
  files: AuditFiles,
  number: number,
  options: FollowOptions,
): AsyncGenerator<AuditText> {
  const file = await openPlain(join(directory, files.nameOf(number)));
  if (file === undefined) return;
  const splitter = new LineSplitter();
  try {
    for (;;) {
      // Checked first, so that lines written before the next file began are read below.
      const hasNext = (await fileAfter(directory, files, number)) !== undefined;
      yield* unread(file, splitter);
      if (options.signal.aborted || hasNext) return;
      yield undefined;
      if (await shouldContinue(options)) continue;
      yield* unread(file, splitter);
      return;
    }
  } finally {
    await file.close();
  }
}

async function shouldContinue({ isGoingOn, signal }: FollowOptions): Promise<boolean> {
  if (signal.aborted || !(await isGoingOn())) return false;
  await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

/** Splits text into lines, keeping an unfinished line for later. */
class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #text = '';

  /** @returns the lines that are now complete. */
  add(bytes: Buffer): string[] {
    const lines = (this.#text + this.#decoder.write(bytes)).split('\n');
    this.#text = (lines.pop() ?? '').slice(0, MAX_LINE);
    return lines;
  }
}

async function* unread(file: FileHandle, splitter: LineSplitter): AsyncGenerator<string> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
    if (bytesRead === 0) return;
    yield* splitter.add(buffer.subarray(0, bytesRead));
  }
}

/** Opens only regular files, since the bundle can write to this directory. */
async function openPlain(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch {
    return undefined;
  }
}

/** Returns the lowest file number above `number`. */
async function fileAfter(directory: string, files: AuditFiles, number: number): Promise<number | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const later = names.flatMap((name) => files.numberOf(name) ?? []).filter((found) => found > number);
  return later.length === 0 ? undefined : Math.min(...later);
}
