import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import { QUEUE_LIMITS } from './limits.ts';

/**
 * The queue is a directory that bundle and host both mount: a file a proposal, a file a decision. The two sides do not
 * trust each other, and need no notification of the file system, which does not cross into Docker Desktop's VM.
 */

const ID = 'p-[0-9a-z]{6}';
const PROPOSAL = new RegExp(`^(${ID})\\.json$`);
const DECISION = new RegExp(`^(${ID})\\.decision\\.json$`);
const TEMPORARY = /^\.[0-9a-z.-]{1,40}\.[0-9a-f]{12}\.tmp$/;

export const HEARTBEAT_FILE = 'watching.json';

export const proposalFile = (id: string) => `${id}.json`;
export const decisionFile = (id: string) => `${id}.decision.json`;

/** What a name in the directory stands for; `undefined` for a file that is none of the queue's. */
export function queueFile(
  name: string,
):
  | { kind: 'proposal' | 'decision'; id: string }
  | { kind: 'heartbeat' | 'temporary' | 'set-aside' }
  | undefined {
  const id = PROPOSAL.exec(name)?.[1];
  if (id !== undefined) return { kind: 'proposal', id };
  const decided = DECISION.exec(name)?.[1];
  if (decided !== undefined) return { kind: 'decision', id: decided };
  if (name === HEARTBEAT_FILE) return { kind: 'heartbeat' };
  if (TEMPORARY.test(name)) return { kind: 'temporary' };
  return name.startsWith(SET_ASIDE) ? { kind: 'set-aside' } : undefined;
}

/** A file that cannot be used, and why. */
export interface Unusable {
  readonly fault: string;
}

/**
 * Reads a file of the queue: a regular file of limited size with JSON that matches the schema. Never waits for a writer,
 * and follows no symbolic link. `undefined`: there is none.
 */
export async function readQueueFile<T>(
  directory: string,
  name: string,
  schema: z.ZodType<T>,
): Promise<{ readonly value: T } | Unusable | undefined> {
  try {
    const text = await readBounded(join(directory, name));
    if (text === undefined) return { fault: 'not a regular file of plausible size' };
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return { value: parsed.data };
    const [issue] = parsed.error.issues;
    return { fault: `${issue?.path.join('.') || 'content'}: ${issue?.code ?? 'invalid'}` };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return { fault: 'not JSON' };
    return { fault: code === 'ELOOP' ? 'a symbolic link' : (code ?? 'unreadable') };
  }
}

/** Writes a file that must not exist yet, whole or not at all. @returns whether it did not exist. */
export async function writeQueueFile(directory: string, name: string, value: unknown): Promise<boolean> {
  const temporary = await writeTemporary(directory, name, value);
  try {
    // Of two that link the same name, the kernel lets one through.
    await link(temporary, join(directory, name));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes a file in the place of the one that exists, whole or not at all. */
export async function replaceQueueFile(directory: string, name: string, value: unknown): Promise<void> {
  const temporary = await writeTemporary(directory, name, value);
  try {
    await rename(temporary, join(directory, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const SET_ASIDE = '.set-aside-';

/** Takes a file that cannot be used out of the way; it stays to be looked at until the next one of its name. */
export async function setAside(directory: string, name: string): Promise<void> {
  await rename(join(directory, name), join(directory, `${SET_ASIDE}${name}`)).catch(() => {});
}

async function readBounded(path: string): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > QUEUE_LIMITS.fileBytes) return undefined;
    const buffer = Buffer.alloc(QUEUE_LIMITS.fileBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return bytesRead > QUEUE_LIMITS.fileBytes ? undefined : buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function writeTemporary(directory: string, name: string, value: unknown): Promise<string> {
  const path = join(directory, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value)}\n`);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return path;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
