import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
  if (known !== undefined && isUnchanged(known.inputs)) return known.value;
  const began = Date.now();
  const { value, inputs } = await compute();
  // One that changed meanwhile may have been read before.
  if (latestChange(inputs) >= began - CLOCK_STEP_MS) return value;
  const states = Object.fromEntries(inputs.map((input) => [input, stateOf(input)]));
  await writeAtomically(path, JSON.stringify({ value, inputs: states })).catch(() => {});
  return value;
}

/** When one of the files changed last, in milliseconds since 1970. */
function latestChange(inputs: readonly string[]): number {
  return Math.max(0, ...inputs.map((input) => statSync(input, { throwIfNoEntry: false })?.ctimeMs ?? 0));
}

async function read(path: string): Promise<z.infer<typeof memory> | undefined> {
  try {
    return memory.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function isUnchanged(inputs: Readonly<Record<string, string>>): boolean {
  return Object.entries(inputs).every(([input, state]) => stateOf(input) === state);
}

/** The system sets the time of the last change, whatever a program sets the other times to. */
function stateOf(path: string): string {
  // Hundreds of files: synchronous calls take a fifth of the time.
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'missing' : `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino}`;
}
