import { createHash } from 'node:crypto';
import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../host/files.ts';
import { readJson, validate } from '../host/read-json.ts';
import { bottlePaths } from './paths.ts';

/** A phase's output on disk; each phase's schema describes `data`. */
export interface PhaseRecord<T> {
  phase: string;
  /** UTC, ISO 8601. */
  at: string;
  durationMs: number;
  /** Digests of the records this one was made from; when one changes, this record is out of date. */
  inputs: Record<string, string>;
  data: T;
}

export function recordPath(slug: string, phase: string): string {
  return join(bottlePaths.phases(slug), `${phase}.json`);
}

const envelope = z.strictObject({
  phase: z.string(),
  at: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  inputs: z.record(z.string(), z.string()),
  data: z.unknown(),
});

export async function readRecord<T>(
  slug: string,
  phase: string,
  data: z.ZodType<T>,
): Promise<PhaseRecord<T> | undefined> {
  const path = recordPath(slug, phase);
  const record = await readJson(path, envelope);
  return record === undefined ? undefined : { ...record, data: validate(path, record.data, data) };
}

export async function writeRecord<T>(slug: string, record: PhaseRecord<T>): Promise<void> {
  await writeAtomically(recordPath(slug, record.phase), `${JSON.stringify(record, null, 2)}\n`);
}

/** Makes a record newer than its inputs: records are make targets, which make compares by time. */
export async function touchRecord(slug: string, phase: string): Promise<void> {
  const now = new Date();
  await utimes(recordPath(slug, phase), now, now);
}

export async function removeRecord(slug: string, phase: string): Promise<void> {
  await rm(recordPath(slug, phase), { force: true });
}

/** Hashes only a record's data, so that a rerun with the same outcome invalidates nothing. */
export function digestOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}
