import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AUDITS } from '../../../../lib/daemons/contract/audit-files.ts';
import { LineFiles, type LineFilesOptions } from '../../../../lib/daemons/shared/line-files.ts';

let directory = '';
const said: string[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'line-files-'));
  said.length = 0;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const openFiles = (changes: Partial<LineFilesOptions> = {}) =>
  LineFiles.open({
    directory,
    nameOf: AUDITS.egress.nameOf,
    numberOf: AUDITS.egress.numberOf,
    maxBytes: 1000,
    maxFiles: 3,
    maxQueuedBytes: 1_000_000,
    retryMs: 10,
    gap: (lost) => `gap ${lost}`,
    say: (text) => said.push(text),
    ...changes,
  });

const files = async () => (await readdir(directory)).sort();
const contentOf = async (name: string) =>
  (await readFile(join(directory, name), 'utf8')).split('\n').slice(0, -1);
const allLines = async () => {
  const names = (await files()).filter((name) => AUDITS.egress.numberOf(name) !== undefined);
  return (await Promise.all(names.map(contentOf))).flat();
};

describe('LineFiles', () => {
  it('writes all lines whole and in order, over as many files as they need', async () => {
    const lines = await openFiles({ maxFiles: 1000 });
    const sent = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(index % 50)}`);
    for (const [index, line] of sent.entries()) {
      lines.append(line);
      if (index % 100 === 0) await new Promise(setImmediate);
    }
    await lines.close();
    expect(await allLines()).toEqual(sent);
    expect((await files()).length).toBeGreaterThan(30);
    expect(said).toEqual([]);
  });

  it('keeps only the newest files', async () => {
    const lines = await openFiles();
    for (let index = 0; index < 1000; index += 1) lines.append(`line ${index}`);
    await lines.close();
    expect(await files()).toHaveLength(3);
    const kept = await allLines();
    expect(kept.at(-1)).toBe('line 999');
    expect(kept).toEqual(
      Array.from({ length: kept.length }, (_, index) => `line ${1000 - kept.length + index}`),
    );
    for (const name of await files()) {
      expect((await readFile(join(directory, name))).length).toBeLessThan(1000 + 'line 999\n'.length);
    }
  });

  it('continues the newest file after a restart, on a new line if the last one was cut off', async () => {
    const first = await openFiles();
    first.append('whole');
    await first.close();
    await appendFile(join(directory, AUDITS.egress.nameOf(1)), '{"cut');
    const second = await openFiles();
    second.append('after');
    await second.close();
    expect(await files()).toEqual([AUDITS.egress.nameOf(1)]);
    expect(await allLines()).toEqual(['whole', '{"cut', 'after']);
  });

  it('creates the directory and its files readable by their owner only', async () => {
    const lines = await openFiles({ directory: join(directory, 'new') });
    await lines.close();
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(join(directory, 'new'))).toBe(0o700);
    expect(await modeOf(join(directory, 'new', AUDITS.egress.nameOf(1)))).toBe(0o600);
  });
});

/** Makes it impossible to create the next file, as on a full disk: a directory takes its name. */
async function blockNextFile(number: number): Promise<() => Promise<void>> {
  const path = join(directory, AUDITS.egress.nameOf(number));
  await mkdir(path);
  return () => rename(path, `${path}.gone`);
}

describe('LineFiles while nothing can be written', () => {
  it('keeps lines in memory and writes them in order once there is room', async () => {
    const lines = await openFiles({ maxBytes: 1 });
    const unblock = await blockNextFile(2);
    for (const line of ['a', 'b', 'c']) lines.append(line);
    await vi.waitFor(() => expect(said).toEqual(['lines cannot be written (EISDIR): they wait']));
    await unblock();
    await vi.waitFor(() => expect(said).toHaveLength(2));
    await lines.close();
    expect(said[1]).toBe('lines are written again');
    expect(await allLines()).toEqual(['a', 'b', 'c']);
  });

  it('replaces lines that exceed the memory limit with a line that counts them', async () => {
    const lines = await openFiles({ maxBytes: 1, maxFiles: 100, maxQueuedBytes: 20 });
    const unblock = await blockNextFile(2);
    lines.append('first');
    await vi.waitFor(async () => expect(await contentOf(AUDITS.egress.nameOf(1))).toEqual(['first']));
    for (let index = 0; index < 12; index += 1) lines.append(`line ${index}`);
    await vi.waitFor(() => expect(said).toHaveLength(1));
    await unblock();
    await vi.waitFor(() => expect(said).toHaveLength(2));
    lines.append('last');
    await lines.close();
    expect(await allLines()).toEqual(['first', 'line 0', 'line 1', 'gap 10', 'last']);
  });

  it.skipIf(process.platform !== 'linux')('does not block the caller while the disk is full', async () => {
    await symlink('/dev/full', join(directory, AUDITS.egress.nameOf(1)));
    const lines = await openFiles();
    lines.append('a');
    await vi.waitFor(() => expect(said).toEqual(['lines cannot be written (ENOSPC): they wait']));
    lines.append('b');
    await lines.close();
    expect(said.at(-1)).toBe('2 lines were lost');
  });

  it('closes even if lines cannot be written, and reports how many were lost', async () => {
    const lines = await openFiles({ maxBytes: 1, retryMs: 60_000 });
    await blockNextFile(2);
    lines.append('a');
    lines.append('b');
    await vi.waitFor(() => expect(said).toHaveLength(1));
    await lines.close();
    expect(said.at(-1)).toBe('1 line was lost');
  });
});

it('rejects at once if the directory cannot be created', async () => {
  await appendFile(join(directory, 'file'), '');
  await expect(openFiles({ directory: join(directory, 'file') })).rejects.toThrow();
});
