import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type * as z from 'zod';
import { allowRequest } from '../../../daemons/contract/supervise/request.ts';
import { BottleError, messageOf } from '../../../errors.ts';
import { openEditor } from '../../edit/edit.ts';

export type AllowRequest = z.infer<typeof allowRequest>;

const HELP = `# What is approved instead: make it narrower, save, and close the editor. Fields that may be left out:
# port, methods, pathPrefix, and limit ({uses: 2} or {seconds: 600}). Nothing is decided yet.
`;

/** Bytes that are read of what the editor wrote. */
const MAX_BYTES = 64 * 1024;

const editable = allowRequest.omit({ kind: true, reason: true });

/** The text that the person edits. The agent's reason stays out: an editor may obey what a file says. */
export function editableText(request: AllowRequest): string {
  const { kind: _, reason: __, ...fields } = request;
  return HELP + stringify(fields);
}

/** Reads what the person made of it. @throws BottleError `usage`, naming the field. */
export function editedRequest(before: AllowRequest, text: string): AllowRequest {
  const parsed = editable.safeParse(yamlOf(text));
  if (parsed.success) return { kind: 'allow', reason: before.reason, ...parsed.data };
  const [issue] = parsed.error.issues;
  throw unusable(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

/**
 * Opens a text in the person's editor and returns what was saved. `name`: of the file, by which editors tell what it is.
 * @throws BottleError `usage` when the editor is missing or fails.
 */
export async function editText(text: string, name = 'route.yaml'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bottle-edit-'));
  try {
    const file = join(directory, name);
    await writeFile(file, text, { mode: 0o600 });
    await openEditor(file);
    return (await readFile(file, 'utf8')).slice(0, MAX_BYTES);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { strict: true, uniqueKeys: true, maxAliasCount: 0 });
  } catch (error) {
    throw unusable(messageOf(error).split('\n')[0] ?? 'not YAML');
  }
}

function unusable(fault: string): BottleError {
  return new BottleError('usage', `the route cannot be used: ${fault}`, { hint: 'Edit it again.' });
}
