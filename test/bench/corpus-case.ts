import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const frame = z.object({
  opcode: z.string(),
  payload: z.string().default(''),
  fin: z.boolean().default(true),
  rsv1: z.boolean().default(false),
});

/** One case of agent-egress-bench, reduced to the fields used here. */
const corpusCase = z.object({
  id: z.string(),
  category: z.string(),
  transport: z.string(),
  input_type: z.string(),
  expected_verdict: z.enum(['block', 'allow']),
  payload: z.object({
    method: z.string().optional(),
    url: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    content_type: z.string().optional(),
    body: z.string().optional(),
    response_body: z.string().optional(),
    agent_card: z.unknown().optional(),
    jsonrpc_messages: z.array(z.unknown()).optional(),
    frames: z.array(frame).optional(),
  }),
});

export type CorpusCase = z.infer<typeof corpusCase>;

/** Reads all cases below a directory, sorted by name. @throws ZodError when a case is malformed. */
export async function readCorpus(directory: string): Promise<CorpusCase[]> {
  const names = (await readdir(directory, { recursive: true }))
    .filter((name) => name.endsWith('.json'))
    .sort();
  return Promise.all(
    names.map(async (name) => corpusCase.parse(JSON.parse(await readFile(join(directory, name), 'utf8')))),
  );
}

/** Whether a case never crosses an HTTP proxy: messages on the standard streams of a local process. */
export const isOutside = ({ transport }: CorpusCase): boolean => transport === 'mcp_stdio';
