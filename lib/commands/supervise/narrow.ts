import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import {
  type AllowRequest,
  allowRequest,
  type SuperviseRequest,
} from '../../daemons/contract/supervise/request.ts';
import { BottleError, messageOf } from '../../errors.ts';
import { openEditor } from '../edit/edit.ts';
import { editableLines, editedLines } from './edit-lines.ts';
import { editText } from './screen/edit-request.ts';

/** What the person allows instead of what was asked. */
export interface NarrowFlags {
  /** Separated by commas. */
  readonly methods: string | undefined;
  /** A path. */
  readonly below: string | undefined;
  /** Opens the route in the editor. */
  readonly edit: boolean;
}

const editable = allowRequest.omit({ kind: true, reason: true });

/**
 * Returns the request as the person allows it; the same object when nothing was changed. Lines for an image can be edited.
 * @throws BottleError `usage`
 */
export async function narrowed(request: SuperviseRequest, flags: NarrowFlags): Promise<SuperviseRequest> {
  const { methods, below, edit } = flags;
  if (methods === undefined && below === undefined && !edit) return request;
  if (request.kind === 'capability' && edit && methods === undefined && below === undefined)
    return editedLines(request, await editText(editableLines(request), 'Dockerfile'));
  if (request.kind !== 'allow') {
    throw new BottleError('usage', `methods and paths belong to a route, and ${request.kind} is none`, {
      hint: 'Remove METHODS, BELOW and EDIT.',
    });
  }
  const given = {
    ...request,
    ...(methods === undefined ? {} : { methods: methods.split(',').map((name) => name.trim()) }),
    ...(below === undefined ? {} : { pathPrefix: below }),
  };
  const flagged = checked(given);
  return edit ? await edited(flagged) : flagged;
}

async function edited(request: AllowRequest): Promise<AllowRequest> {
  const { kind, reason, ...route } = request;
  const directory = await mkdtemp(join(tmpdir(), 'bottle-route-'));
  const file = join(directory, 'route.yaml');
  try {
    await writeFile(file, stringify(route), { mode: 0o600 });
    await openEditor(file);
    const text = await readFile(file, 'utf8');
    return checked({ ...editable.parse(parse(text)), kind, reason });
  } catch (error) {
    throw error instanceof BottleError ? error : invalid(error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function checked(given: unknown): AllowRequest {
  const parsed = allowRequest.safeParse(given);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error);
}

function invalid(error: unknown): BottleError {
  const fault = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
  return new BottleError('usage', `this is no route: ${fault}`, {
    hint: 'Nothing was decided. Keys: host, port, methods, pathPrefix, and limit with seconds or uses.',
    cause: error,
  });
}
