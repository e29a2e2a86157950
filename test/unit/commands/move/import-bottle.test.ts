import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ImportOptions, importBottle } from '../../../../lib/commands/move/import-bottle.ts';
import { type TarEntry, tarOf } from '../../../support/hostile-tar.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bk-'));
  vi.stubEnv('BOT_BOTTLE_HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const ARTIFACT = 'what a guest boots from';
const COMMITTED = {
  version: 1,
  at: '2026-05-01T12:00:00.000Z',
  kind: 'archive',
  file: 'committed-smolmachine-0a1b2c3d.tar',
  bytes: ARTIFACT.length,
  layerBytes: 10,
  image: { reference: 'bot-bottle-committed-dev-a1b2c:latest', id: `sha256:${'0'.repeat(64)}` },
  origin: { reference: 'bot-bottle-claude:1', id: 'sha256:1' },
  settings: { User: '0', WorkingDir: '/', Env: [], Entrypoint: ['/x'], Cmd: [], Labels: {} },
  agent: {
    user: 'node',
    name: 'node',
    uid: 1000,
    gid: 1000,
    home: '/home/node',
    directory: '/',
    environment: {},
    command: ['x'],
  },
  tool: 'bot-bottle-guest-tool:1',
  smolvm: [1, 9, 3],
};
const DESCRIPTION = {
  format: 'bot-bottle-export',
  version: 1,
  slug: 'dev-a1b2c',
  at: '2026-05-01T12:00:00.000Z',
  metadata: {
    agent_name: 'dev',
    bottle_names: ['a'],
    label: 'My Task',
    color: 'red',
    copy_cwd: true,
    tier: 'socket',
  },
  artifact: { committed: COMMITTED, sha256: createHash('sha256').update(ARTIFACT).digest('hex') },
  hasWork: false,
};
const described = (change: object = {}): TarEntry => ({
  path: 'bottle.json',
  content: JSON.stringify({ ...DESCRIPTION, ...change }),
});
const ARTIFACT_ENTRY: TarEntry = { path: 'artifact', content: ARTIFACT };

function importing(entries: readonly TarEntry[], options: Partial<ImportOptions> = {}) {
  const file = join(home, 'x.tar.zst');
  writeFileSync(file, zstdCompressSync(tarOf(entries)));
  const signal = new AbortController().signal;
  return importBottle({ file, cwd: '/srv', label: '', maxBytes: 1e6, signal, onBytes: () => {}, ...options });
}

it('an exported bottle becomes a kept one of the same name, with its freeze and its sessions', async () => {
  const session: TarEntry = { path: 'transcript/projects/a.jsonl', content: '{}\n' };
  const { slug, work } = await importing([described(), ARTIFACT_ENTRY, session]);
  expect([slug, work]).toEqual(['dev-a1b2c', undefined]);
  const state = join(home, 'state', slug);
  const json = async (name: string) => JSON.parse(await readFile(join(state, name), 'utf8'));
  expect(await json('metadata.json')).toMatchObject({
    ...{ agent_name: 'dev', bottle_names: ['a'], label: 'My Task', kept: true, cwd: '/srv', copy_cwd: true },
    owner: null,
  });
  expect(await json('committed.json')).toEqual(COMMITTED);
  expect(await readFile(join(state, COMMITTED.file), 'utf8')).toBe(ARTIFACT);
  expect(await readFile(join(state, 'transcript', 'projects', 'a.jsonl'), 'utf8')).toBe('{}\n');
  await expect(importing([described(), ARTIFACT_ENTRY])).rejects.toThrow('already exists');
  expect((await importing([described(), ARTIFACT_ENTRY], { label: 'Other' })).slug).toBe('other');
});

describe('nothing is left of an archive', () => {
  it.each<[string, TarEntry[], RegExp]>([
    ['with a path that leads out', [described(), { path: '../x', content: 'x' }], /`\.\.` in its path/],
    ['with an absolute path', [described(), { path: '/etc/x', content: 'x' }], /absolute path/],
    [
      'with a link that leads out',
      [described(), { path: 'artifact', type: 'SymbolicLink', linkpath: '/etc/passwd' }],
      /may lead out/,
    ],
    [
      'with a link that stays inside',
      [described(), ARTIFACT_ENTRY, { path: 'transcript/a', type: 'SymbolicLink', linkpath: 'b' }],
      /is no file/,
    ],
    [
      'with a device',
      [described(), { path: 'artifact', type: 'CharacterDevice' }],
      /neither file, folder nor link/,
    ],
    [
      'with more files than it says',
      [described(), ARTIFACT_ENTRY, { path: 'metadata.json', content: '{}' }],
      /has a file "metadata.json"/,
    ],
    ['without its artifact', [described()], /has no artifact/],
    [
      'whose artifact is damaged',
      [described(), { path: 'artifact', content: ARTIFACT.toUpperCase() }],
      /artifact is damaged/,
    ],
    ['without a description', [ARTIFACT_ENTRY], /has no bottle.json/],
    ['whose description has unknown keys', [described({ owner: 1 }), ARTIFACT_ENTRY], /owner/],
    ['of another version', [described({ version: 2 }), ARTIFACT_ENTRY], /version/],
    ['whose name leads out', [described({ slug: '../../x' }), ARTIFACT_ENTRY], /slug/],
    [
      'whose artifact has another name',
      [
        described({ artifact: { ...DESCRIPTION.artifact, committed: { ...COMMITTED, file: '../x' } } }),
        ARTIFACT_ENTRY,
      ],
      /file/,
    ],
    ['that is too large', [described(), { ...ARTIFACT_ENTRY, size: 2e6 }], /more than 1000000 bytes/],
  ])('%s', async (_what, entries, reason) => {
    await expect(importing(entries)).rejects.toThrow(reason);
    expect(await readdir(join(home, 'state'))).toEqual([]);
  });

  it('that is none', async () => {
    const file = join(home, 'none');
    writeFileSync(file, 'not an archive');
    await expect(importing([], { file: join(home, 'missing') })).rejects.toThrow('cannot be read');
    await expect(importing([], { file })).rejects.toThrow('cannot be read');
    expect(await readdir(join(home, 'state'))).toEqual([]);
  });
});
