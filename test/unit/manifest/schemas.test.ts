import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSchemas, type SchemaName } from '../../../lib/manifest/json-schemas.ts';

const FOLDER = path.join(import.meta.dirname, '../../../fixtures/schemas');
const NAMES: readonly SchemaName[] = ['agent', 'bottle'];

/** The part of a JSON Schema that these tests check. */
const node = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

/** Returns every key at any depth, as pairs of path and schema. */
function keysOf(schema: unknown, above = ''): [string, z.infer<typeof node>][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.entries(node.safeParse(schema).data?.properties ?? {}).map(
    ([key, value]): [string, z.infer<typeof node>] => [`${above}/${key}`, node.parse(value)],
  );
  const below = Object.entries(schema).flatMap(([key, value]) => keysOf(value, `${above}/${key}`));
  return [...own, ...below];
}

describe('JSON Schemas for editors', () => {
  it.each(NAMES)('the %s schema is up to date (node scripts/dev/schemas.ts writes it)', async (name) => {
    expect(await readFile(path.join(FOLDER, `${name}.schema.json`), 'utf8')).toBe(jsonSchemas()[name]);
  });

  it.each(NAMES)('the %s schema describes each top-level key', (name) => {
    const { properties = {} } = node.parse(JSON.parse(jsonSchemas()[name]));
    expect(Object.keys(properties).length).toBeGreaterThan(5);
    for (const [key, value] of Object.entries(properties)) {
      expect(node.parse(value).description, key).toBeTruthy();
    }
  });

  it('the bottle schema has the keys of routes and repositories, and no retired keys', () => {
    const keys = keysOf(JSON.parse(jsonSchemas().bottle)).map(([key]) => key.split('/').at(-1));
    expect(keys).toEqual(
      expect.arrayContaining(['host', 'token_ref', 'outbound_on_match', 'host_key', 'fetch']),
    );
    for (const retired of ['path_allowlist', 'role', 'tokens', 'cred_proxy'])
      expect(keys).not.toContain(retired);
    expect(keys.filter((key) => key === 'pipelock')).toHaveLength(1);
  });
});
