import { z } from 'zod';
import { agentFile } from './schema/agent-file.ts';
import { bottleFile } from './schema/bottle-file.ts';

/** The two kinds of frontmatter, which editors can check and complete with a schema. */
export type SchemaName = 'agent' | 'bottle';

/** Returns the JSON Schemas (draft 2020-12) for both kinds of frontmatter as written, as file contents. */
export function jsonSchemas(): Readonly<Record<SchemaName, string>> {
  return {
    bottle: textOf('Frontmatter of a bottle: what the agent can reach and hold', bottleFile),
    agent: textOf('Frontmatter of an agent: its bottle and its identity', agentFile),
  };
}

/** A list of plain values, which this repository's formatter puts on one line. */
const SHORT_LIST = /\[\n\s*([^[\]{}]*?)\n\s*\]/g;

function textOf(title: string, schema: z.ZodType): string {
  const generated = z.toJSONSchema(schema, { io: 'input' });
  const text = JSON.stringify({ title, ...generated }, null, 2);
  return `${text.replaceAll(SHORT_LIST, (_whole, entries: string) => `[${entries.replaceAll(/\n\s*/g, ' ')}]`)}\n`;
}
