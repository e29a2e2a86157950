import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing, writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';
import { bottleDirectory } from './paths.ts';

/** Which phase failed, and how; make's exit code does not say. */
const failure = z.strictObject({ phase: z.string(), code: z.string(), exitCode: z.number().int() });
export type Failure = z.infer<typeof failure>;

const directoryOf = (slug: string) => join(bottleDirectory(slug), 'failures');

export async function recordFailure(slug: string, what: Failure): Promise<void> {
  await writeAtomically(join(directoryOf(slug), `${what.phase}.json`), JSON.stringify(what));
}

export async function clearFailure(slug: string, phase: string): Promise<void> {
  await rm(join(directoryOf(slug), `${phase}.json`), { force: true });
}

export async function readFailures(slug: string): Promise<Failure[]> {
  const directory = directoryOf(slug);
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const failures = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readJson(join(directory, name), failure));
  return (await Promise.all(failures)).flatMap((found) => found ?? []);
}
