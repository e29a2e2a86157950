import { z } from 'zod';
import type { Path } from './yaml-tree.ts';

/** Returns the keys that `schema` accepts at `path`, to suggest one for an unknown key. */
export function knownKeys(schema: unknown, path: Path): string[] {
  const here = unwrap(schema);
  const [segment, ...rest] = path;
  if (here instanceof z.ZodUnion) return here.options.flatMap((option) => knownKeys(option, path));
  if (segment === undefined) return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
  if (here instanceof z.ZodObject) return knownKeys(here.shape[segment], rest);
  if (here instanceof z.ZodArray) return knownKeys(here.element, rest);
  if (here instanceof z.ZodRecord) return knownKeys(here.valueType, rest);
  return [];
}

/** Returns the input schema, below optionals, defaults and transforms. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return schema;
}
