import { z } from 'zod';
import type { Path } from './yaml-tree.ts';

/** The keys that `schema` knows at `path`: what an unknown key there may have been meant to be. */
export function knownKeys(schema: unknown, path: Path): string[] {
  const here = unwrap(schema);
  const [segment, ...rest] = path;
  if (segment === undefined) return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
  if (here instanceof z.ZodObject) return knownKeys(here.shape[segment], rest);
  if (here instanceof z.ZodArray) return knownKeys(here.element, rest);
  if (here instanceof z.ZodRecord) return knownKeys(here.valueType, rest);
  return [];
}

/** What a person writes, below what the schema then makes of it. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return schema;
}
