import { appendFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditLines } from '../../../../lib/commands/logs/audit-lines.ts';
import { AUDITS } from '../../../../lib/daemons/contract/audit-files.ts';
import { LineFiles } from '../../../../lib/daemons/shared/line-files.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'audit-lines-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const path = (number: number) => join(directory, AUDITS.egress.nameOf(number));
const signal = new AbortController().signal;
const ended = async () => false;

async function linesNow(): Promise<string[]> {
  const lines: string[] = [];
  for await (const text of auditLines(directory, AUDITS.egress, { isGoingOn: ended, signal }))
    if (text !== undefined) lines.push(text);
  return lines;
}

describe('auditLines', () => {
  it('auditLines reads all files, oldest first, without an unfinished line', async () => {
    await writeFile(path(9), 'a\nb\n');
    await writeFile(path(10), 'c\nd');
    await writeFile(join(directory, 'learned.json'), 'x\n');
    expect(await linesNow()).toEqual(['a', 'b', 'c']);
  });

  it('auditLines yields nothing when the directory does not exist', async () => {
    await rm(directory, { recursive: true });
    expect(await linesNow()).toEqual([]);
  });

  it('auditLines ignores everything but regular files', async () => {
    await writeFile(join(directory, 'secret'), 'secret\n');
    await symlink(join(directory, 'secret'), path(1));
    await symlink('/dev/zero', path(2));
    await writeFile(path(3), 'plain\n');
    expect(await linesNow()).toEqual(['plain']);
  });

  it('auditLines loses nothing while egress writes and rotates files', async () => {
    const writer = await LineFiles.open({
      directory,
      nameOf: AUDITS.egress.nameOf,
      numberOf: AUDITS.egress.numberOf,
      maxBytes: 2000,
      maxFiles: 1000,
      maxQueuedBytes: 1_000_000,
      retryMs: 10,
      gap: () => 'gap',
      say: () => {},
    });
    const sent = Array.from({ length: 3000 }, (_, index) => `line ${index}`);
    let isDone = false;
    const writing = (async () => {
      for (const [index, line] of sent.entries()) {
        writer.append(line);
        if (index % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await writer.close();
      isDone = true;
    })();
    const seen: string[] = [];
    const isGoingOn = async () => !isDone;
    for await (const text of auditLines(directory, AUDITS.egress, { isGoingOn, signal }))
      if (text !== undefined) seen.push(text);
    await writing;
    expect(seen).toEqual(sent);
  });

  it('auditLines ends at once when aborted', async () => {
    await writeFile(path(1), 'a\n');
    const controller = new AbortController();
    const seen: unknown[] = [];
    for await (const text of auditLines(directory, AUDITS.egress, {
      isGoingOn: async () => true,
      signal: controller.signal,
    })) {
      seen.push(text);
      if (text === undefined) controller.abort();
    }
    expect(seen).toEqual(['a', undefined]);
  });

  it('auditLines continues with the next file when one was deleted unread', async () => {
    await writeFile(path(1), 'a\n');
    const seen: string[] = [];
    let looks = 0;
    const isGoingOn = async () => {
      looks += 1;
      if (looks === 1) {
        await writeFile(path(3), 'c\n');
        await appendFile(path(1), 'b\n');
      }
      return looks < 3;
    };
    for await (const text of auditLines(directory, AUDITS.egress, { isGoingOn, signal }))
      if (text !== undefined) seen.push(text);
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});
