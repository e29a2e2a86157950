import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { BottleError } from '../../errors.ts';
import { guestReports } from '../../freeze/guest-reports.ts';
import { ImageArchive, type ImageSettings, type WrittenImage } from '../../freeze/image-archive.ts';
import { type SearchedFor, type SecretFile, SecretSearch } from '../../freeze/secret-search.ts';
import { type SnapshotEntry, SnapshotStream, type Treatment } from '../../freeze/snapshot-stream.ts';
import type { Bottle } from '../../guest/bottle.ts';

export interface SnapshotRequest {
  /** The file to write. */
  readonly archive: string;
  readonly tag: string;
  readonly settings: ImageSettings;
  readonly rules: (entry: SnapshotEntry) => Treatment | undefined;
  /** Absent: nothing is searched for. */
  readonly search: SearchedFor | undefined;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

export interface TakenSnapshot {
  readonly image: WrittenImage;
  readonly layerBytes: number;
  readonly changed: readonly string[];
  readonly secrets: readonly SecretFile[];
}

/** Bytes that may wait for the disk. */
const WAITING = 1024 * 1024;

/**
 * Streams the root of a guest into the archive of an image. Leaves no file when it fails.
 * @throws BottleError `guest-failed`, `work-refused`, `disk-full`
 */
export async function takeSnapshot(bottle: Bottle, request: SnapshotRequest): Promise<TakenSnapshot> {
  const { archive: path, tag, settings, rules, signal, onBytes } = request;
  const search = request.search === undefined ? undefined : new SecretSearch(request.search);
  const keep: Treatment = { kind: 'keep' };
  const stream = new SnapshotStream((entry) => rules(entry) ?? search?.treat(entry) ?? keep);
  const archive = await ImageArchive.create(path);
  try {
    const failed = new AbortController();
    let failure: unknown;
    const output = new Writable({
      highWaterMark: WAITING,
      write(chunk: Buffer, _encoding, done) {
        onBytes(chunk.length);
        const fail = (error: unknown) => {
          failure ??= error;
          failed.abort();
          done();
        };
        try {
          // What follows a failure is read, so that the guest's end is seen.
          const written = failure === undefined ? archive.write(stream.push(chunk)) : undefined;
          if (written === undefined) done();
          else written.then(() => done(), fail);
        } catch (error) {
          fail(error);
        }
      },
    });
    const result = await bottle.snapshot(output, AbortSignal.any([signal, failed.signal]));
    await new Promise<void>((resolve) => output.end(resolve));
    signal.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (result.exitCode !== 0 || !stream.isComplete) throw guestFailed(bottle.slug, result);
    const layerBytes = archive.layerBytes;
    const image = await archive.finish(settings, tag);
    return { image, layerBytes, changed: guestReports(result.stderr), secrets: search?.found ?? [] };
  } catch (error) {
    await archive.close();
    await rm(path, { force: true });
    throw isFull(error) ? diskFull(path) : error;
  }
}

function guestFailed(slug: string, { exitCode, stderr }: { exitCode: number; stderr: string }): BottleError {
  const said = stderr.trim().split('\n').slice(-5).join('\n') || 'no message';
  return new BottleError(
    'guest-failed',
    `the guest of ${slug} did not send all of its files (exit ${exitCode}): ${said}`,
    {
      hint: 'The last freeze, if there is one, is kept. `make status` says whether the bottle is up.',
    },
  );
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function diskFull(path: string): BottleError {
  return new BottleError('disk-full', `the disk is full: the snapshot does not fit at ${path}`, {
    hint: 'Free some space, then try again. The last freeze, if there is one, is kept.',
  });
}
