import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { parse } from 'dotenv';
import { BottleError, messageOf } from '../errors.ts';
import { shortPath } from './short-path.ts';

/** Bytes; more than the environment of a process can hold. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads a dotenv file. Only a regular one, since it is read again by the phase that needs the values.
 * @throws BottleError `env-file-unusable`, which names the file, but nothing of its content.
 */
export async function readDotenvFile(file: string): Promise<Record<string, string>> {
  const bytes = await readRegular(file).catch((error: unknown) => {
    if (error instanceof BottleError) throw error;
    throw unusable(file, `cannot be read: ${messageOf(error)}`, 'Check the path and its permissions.');
  });
  if (!isUtf8(bytes)) throw unusable(file, 'is not UTF-8 text', 'Save it as UTF-8.');
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  if (text.includes('\0')) throw unusable(file, 'contains a NUL character', 'Remove the NUL character.');
  return parse(text);
}

/**
 * Reads the values of `names` (variable -> the file that sets it).
 * @throws BottleError `env-file-unusable` for a file that cannot be read or sets a variable no longer.
 */
export async function readFileVariables(
  names: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [file, entries = []] of Map.groupBy(Object.entries(names), ([, path]) => path)) {
    const found = await readDotenvFile(file);
    for (const [name] of entries) {
      const value = Object.hasOwn(found, name) ? found[name] : undefined;
      if (value === undefined)
        throw unusable(file, `does not set ${name} any more`, `Set ${name} there again.`);
      values[name] = value;
    }
  }
  return values;
}

async function readRegular(file: string): Promise<Buffer> {
  // Without O_NONBLOCK, opening a FIFO would wait for a writer forever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw unusable(file, 'is not a regular file', 'Write the variables into a file.');
    if (found.size > MAX_BYTES) throw unusable(file, 'is larger than 1 MiB', 'Shorten it.');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function unusable(file: string, what: string, hint: string): BottleError {
  return new BottleError('env-file-unusable', `the env file ${shortPath(file)} ${what}`, { hint });
}
