import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';
import { isMissing } from './files.ts';

/**
 * Reads and validates one of the kit's JSON files; undefined when it does not exist.
 * @throws BottleError `state-corrupt`, naming the file and the problem.
 */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(path, messageOf(error), error);
  }
  return validate(path, value, schema);
}

/** @throws BottleError `state-corrupt` when `value`, read from the file `path`, does not match the schema. */
export function validate<T>(path: string, value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw corrupt(path, z.prettifyError(result.error), result.error);
}

function corrupt(path: string, reason: string, cause: unknown): BottleError {
  return new BottleError('state-corrupt', `${path} cannot be used: ${reason}`, {
    hint: 'Run `make teardown BOTTLE=…` or `make cleanup` to remove the bottle, then launch again.',
    cause,
  });
}
