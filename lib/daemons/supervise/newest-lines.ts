import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditFiles } from '../contract/audit-files.ts';

/** Bytes of the newest file of an audit that are looked through, from its end. */
const TAIL_BYTES = 256 * 1024;

/** Returns what stands at the end of an audit, parsed, the newest first. Empty when it cannot be read. */
export async function newestLines(directory: string, files: AuditFiles): Promise<unknown[]> {
  const text = await tailOfNewest(directory, files).catch(() => '');
  return text.split('\n').reverse().flatMap(parsed);
}

function parsed(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    // The first line of the tail is usually cut.
    return [];
  }
}

async function tailOfNewest(directory: string, files: AuditFiles): Promise<string> {
  const numbers = (await readdir(directory)).flatMap((name) => files.numberOf(name) ?? []);
  if (numbers.length === 0) return '';
  const file = await open(join(directory, files.nameOf(Math.max(...numbers))));
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
