import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDIT_FILE_LIMITS, SUPERVISE_AUDIT } from '../daemons/contract/audit-files.ts';
import type { SuperviseAuditEntry } from '../daemons/contract/supervise/audit.ts';
import { asciiJson } from '../host/ascii-json.ts';
import { auditDirectory } from '../host/directories.ts';
import { withLock } from '../host/lock.ts';

/** Milliseconds to wait for other processes that write. */
const LOCK_MS = 5000;

/** Characters of lines that are written at once. */
const GROUP = 128 * 1024;

/** Appends entries, durably. */
export type Append = (entries: readonly SuperviseAuditEntry[]) => Promise<void>;

/**
 * Runs `work`, which may append to the audit of all bottles. Several processes do, a line now and then: each holds a lock
 * meanwhile, where a daemon keeps its own file open.
 * @throws Error when it cannot be written.
 */
export async function withAudit(work: (append: Append) => Promise<void>): Promise<void> {
  const directory = auditDirectory();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const append: Append = async (entries) => {
    for (const text of grouped(entries.map((entry) => asciiJson(entry)))) await appendLines(directory, text);
  };
  await withLock(join(directory, '.supervise.lock'), () => work(append), { timeoutMs: LOCK_MS });
}

/** Puts lines together, since each write is synced. */
function grouped(lines: readonly string[]): string[] {
  const groups: string[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last === undefined || last.length + line.length > GROUP) groups.push(line);
    else groups[groups.length - 1] = `${last}\n${line}`;
  }
  return groups;
}

/** `text`: without its last line end. */
async function appendLines(directory: string, text: string): Promise<void> {
  const numbers = await numbersIn(directory);
  const newest = numbers.at(-1) ?? 1;
  if (await isWritten(directory, newest, text)) return;
  const next = newest + 1;
  await isWritten(directory, next, text);
  const kept = AUDIT_FILE_LIMITS.maxFiles;
  for (const number of [...numbers, next].slice(0, -kept))
    await rm(join(directory, SUPERVISE_AUDIT.nameOf(number)), { force: true });
}

/** Writes into the file of that number, unless it is full. */
async function isWritten(directory: string, number: number, text: string): Promise<boolean> {
  const file = await open(join(directory, SUPERVISE_AUDIT.nameOf(number)), 'a+', 0o600);
  try {
    const { size } = await file.stat();
    if (size >= AUDIT_FILE_LIMITS.maxBytes) return false;
    const last = size === 0 ? '\n' : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString();
    // The last writer may have been killed in the middle of a line.
    await file.appendFile(`${last === '\n' ? '' : '\n'}${text}\n`);
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}

/** Ascending. */
async function numbersIn(directory: string): Promise<number[]> {
  const numbers = (await readdir(directory)).flatMap((name) => SUPERVISE_AUDIT.numberOf(name) ?? []);
  return numbers.sort((one, other) => one - other);
}
