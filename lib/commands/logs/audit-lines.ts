import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFileName, auditFileNumber } from '../../daemons/contract/egress/audit.ts';
import { isMissing } from '../../host/files.ts';

export interface FollowOptions {
  /** Whether more may come; asked each time that all is read. */
  readonly isGoingOn: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** A line of the audit, or `undefined` where all that there was at the time has been given. */
export type AuditText = string | undefined;

/** Milliseconds between two looks for more. Watching the directory is no use where an engine runs in a VM. */
const LOOK_EVERY_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** Characters; egress writes far shorter ones. */
const MAX_LINE = 64 * 1024;

/**
 * The lines of the audit in `directory`, oldest first, over all its files; a line that is not finished is left out. Ends
 * when all is read and nothing more may come, or when aborted.
 */
export async function* auditLines(directory: string, options: FollowOptions): AsyncGenerator<AuditText> {
  let number = 0;
  for (;;) {
    const next = await fileAfter(directory, number);
    if (next !== undefined) {
      number = next;
      yield* linesOf(directory, number, options);
    } else {
      yield undefined;
      if (!(await isToGoOn(options))) return;
    }
    if (options.signal.aborted) return;
  }
}

/** All lines of one file; ends when there is a newer one, or nothing more may come. */
async function* linesOf(
  directory: string,
  number: number,
  options: FollowOptions,
): AsyncGenerator<AuditText> {
  const file = await openPlain(join(directory, auditFileName(number)));
  if (file === undefined) return;
  const rest = new Rest();
  try {
    for (;;) {
      // Asked first: what egress writes before it begins the next file is read below.
      const hasNext = (await fileAfter(directory, number)) !== undefined;
      yield* unread(file, rest);
      if (options.signal.aborted || hasNext) return;
      yield undefined;
      if (await isToGoOn(options)) continue;
      yield* unread(file, rest);
      return;
    }
  } finally {
    await file.close();
  }
}

async function isToGoOn({ isGoingOn, signal }: FollowOptions): Promise<boolean> {
  if (signal.aborted || !(await isGoingOn())) return false;
  await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

/** The beginning of a line whose end is not there yet. */
class Rest {
  readonly #decoder = new StringDecoder('utf8');
  #text = '';

  /** @returns the lines that are whole now. */
  add(bytes: Buffer): string[] {
    const lines = (this.#text + this.#decoder.write(bytes)).split('\n');
    this.#text = (lines.pop() ?? '').slice(0, MAX_LINE);
    return lines;
  }
}

async function* unread(file: FileHandle, rest: Rest): AsyncGenerator<string> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
    if (bytesRead === 0) return;
    yield* rest.add(buffer.subarray(0, bytesRead));
  }
}

/** The bundle can write this directory: what it may have put there besides plain files is not followed. */
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

/** The lowest number above `number`. */
async function fileAfter(directory: string, number: number): Promise<number | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const later = names.flatMap((name) => auditFileNumber(name) ?? []).filter((found) => found > number);
  return later.length === 0 ? undefined : Math.min(...later);
}
