import { z } from 'zod';
import { agentFile } from './schema/agent-file.ts';
import { bottleFile } from './schema/bottle-file.ts';

/** The two kinds of frontmatter, as editors can check and complete them while one writes. */
export type SchemaName = 'agent' | 'bottle';

/** JSON Schemas (draft 2020-12) of both frontmatters, of what a person writes, as texts of files. */
export function jsonSchemas(): Readonly<Record<SchemaName, string>> {
  return {
    bottle: textOf('Frontmatter of a bottle: what may be reached and held', bottleFile),
    agent: textOf('Frontmatter of an agent: which bottle it wants, and who it is', agentFile),
  };
}

/** A list of plain values, which the formatter of this repository wants on one line. */
const SHORT_LIST = /\[\n\s*([^[\]{}]*?)\n\s*\]/g;

function textOf(title: string, schema: z.ZodType): string {
  const generated = z.toJSONSchema(schema, { io: 'input' });
  const text = JSON.stringify({ title, ...generated }, null, 2);
  return `${text.replaceAll(SHORT_LIST, (_whole, entries: string) => `[${entries.replaceAll(/\n\s*/g, ' ')}]`)}\n`;
}
