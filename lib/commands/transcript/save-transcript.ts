import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readRecord } from '../../bottle/records.ts';
import { BottleError, messageOf } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { guestState } from '../../guest/guest-state.ts';
import { homeDirectory } from '../../host/directories.ts';
import { sizeText } from '../../host/size.ts';
import { prepare } from '../../phases/prepare.ts';
import { provision } from '../../phases/provision.ts';
import { guestOf } from '../../phases/running-bottle.ts';
import { providerFor } from '../../providers/registry.ts';
import { guestPlace } from '../../transcripts/guest-place.ts';
import { newestFirst, type TranscriptFile } from '../../transcripts/place.ts';
import { receive } from '../cp/receive.ts';
import { unpackInto } from '../cp/unpack.ts';
import { carryOver, type Room } from './carry-over.ts';
import { replaceTranscript } from './kept-transcript.ts';

/** What an end waits for, and keeps, at most. */
const LONGEST_MS = 20_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_FILES = 2000;
/** Packs the files that standard input names; busybox's tar reads no list of them. */
const PACK = [
  'folder=$1; shift',
  'while IFS= read -r file; do set -- "$@" "$file"; done',
  'exec tar -c -f - -C "$folder" "$@"',
].join('\n');
/** Bytes by which files may grow while they are copied. */
const GROWTH = 32 * 1024 * 1024;

/**
 * Copies the agent's session files from a running guest into the bottle's state, over those of the last time.
 * Best effort: it says what went wrong, and never fails.
 */
export async function saveTranscript(
  slug: string,
  say: (line: string) => void,
  longestMs = LONGEST_MS,
): Promise<void> {
  const signal = AbortSignal.timeout(longestMs);
  try {
    await saveWithin(slug, signal, say);
  } catch (error) {
    const reason = signal.aborted ? `it took longer than ${longestMs / 1000} s` : messageOf(error);
    say(`the transcript was not copied: ${reason}`);
  }
}

async function saveWithin(slug: string, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const [prepared, provisioned] = await Promise.all([
    readRecord(slug, prepare.name, prepare.record),
    readRecord(slug, provision.name, provision.record),
  ]);
  if (prepared === undefined || provisioned === undefined) return;
  const { transcripts } = await providerFor(prepared.data.provider.template, homeDirectory());
  if (transcripts === undefined || (await guestState(prepared.data)) !== 'running') return;
  const { bottle } = await guestOf(slug);
  const source = `${bottle.agent.home}/${transcripts}`;
  const files = newestFirst(await guestPlace(bottle, source).list(signal));
  const chosen = newestWithin(files);
  // A guest without sessions is new: what it does not have is kept.
  if (chosen.length === 0) return;
  await replaceTranscript(
    slug,
    async (folder, last) => {
      await copyFiles(bottle, source, chosen, join(folder, transcripts), signal);
      await carryOver(last, folder, roomBeside(chosen), signal);
    },
    signal,
  );
  const left = files.length - chosen.length;
  if (left > 0)
    say(
      `${left} older files of the transcript were not copied: at most ${sizeText(MOST_BYTES)} and ${MOST_FILES} files are`,
    );
}

/** The newest files that the limits have room for. */
function newestWithin(files: readonly TranscriptFile[]): TranscriptFile[] {
  let left = MOST_BYTES;
  return files.slice(0, MOST_FILES).filter(({ bytes }) => {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}

function roomBeside(files: readonly TranscriptFile[]): Room {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { bytes: MOST_BYTES - bytes, files: MOST_FILES - files.length };
}

/** @throws BottleError `work-refused` for an archive that no honest guest would send. */
async function copyFiles(
  bottle: Bottle,
  source: string,
  files: readonly TranscriptFile[],
  target: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const { stream, finish } = unpackInto(target, {
    // Each file brings the folders above it at most.
    ...{ maxBytes: MOST_BYTES + GROWTH, maxEntries: 2 * MOST_FILES, skipsLinks: true },
  });
  const input = Readable.from([files.map(({ path }) => `./${path}\n`).join('')]);
  // Tar ends with 1 when a file has changed while it was read: what it read is whole lines and the beginning of one.
  await receive(
    ['/bin/sh', '-c', PACK, 'sh', source],
    stream,
    { bottle, signal, onBytes: () => {} },
    { input, highestExitCode: 1 },
  ).finally(() => stream.settled());
  const { entries } = await finish();
  signal.throwIfAborted();
  if (entries === 0) throw new BottleError('work-refused', 'the guest sent none of its session files');
}
