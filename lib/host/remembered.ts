import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { writeAtomically } from './files.ts';

/** Of the times of files. */
const CLOCK_STEP_MS = 20;

const memory = z.strictObject({
  value: z.string(),
  /** Path -> how the file was. */
  inputs: z.record(z.string(), z.string()),
});

export interface Computed {
  readonly value: string;
  /** Paths of all files that the value depends on. */
  readonly inputs: readonly string[];
}

/**
 * Returns what `compute` returned before, unless one of the files that it depended on is another one since.
 * @param path of the file that remembers it; one that cannot be read or written costs no more than computing again.
 */
export async function remembered(path: string, compute: () => Promise<Computed>): Promise<string> {
  const known = await read(path);
  if (known !== undefined && (await isUnchanged(known.inputs))) return known.value;
  const began = Date.now();
  const { value, inputs } = await compute();
  const states = await Promise.all(inputs.map(async (input) => [input, await stateOf(input)] as const));
  // One that changed meanwhile may have been read before.
  if ((await latestChange(inputs)) >= began - CLOCK_STEP_MS) return value;
  await writeAtomically(path, JSON.stringify({ value, inputs: Object.fromEntries(states) })).catch(() => {});
  return value;
}

/** When one of the files changed last, in milliseconds since 1970. */
async function latestChange(inputs: readonly string[]): Promise<number> {
  const times = await Promise.all(
    inputs.map(async (input) => (await stat(input).catch(() => undefined))?.ctimeMs),
  );
  return Math.max(0, ...times.map((time) => time ?? 0));
}

async function read(path: string): Promise<z.infer<typeof memory> | undefined> {
  try {
    return memory.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function isUnchanged(inputs: Readonly<Record<string, string>>): Promise<boolean> {
  const changed = await Promise.all(
    Object.entries(inputs).map(async ([input, state]) => (await stateOf(input)) !== state),
  );
  return !changed.includes(true);
}

/** The system sets the time of the last change, whatever a program sets the other times to. */
async function stateOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? 'missing' : `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino}`;
}
