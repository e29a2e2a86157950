import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../../lib/commands/cp/entry-rules.ts';
import { unpackInto } from '../../../../lib/commands/cp/unpack.ts';
import { paxHeader, type TarEntry, tarOf } from '../../../support/hostile-tar.ts';
import { refusal } from '../../../support/refusal.ts';

const LIMITS = { maxBytes: 1000, maxEntries: 20 };

/** Unpacks bytes in pieces. */
async function unpack(bytes: Buffer, limits: Limits = LIMITS, piece = 700) {
  const outer = mkdtempSync(join(tmpdir(), 'unpack-'));
  const root = join(outer, 'a', 'root');
  mkdirSync(root, { recursive: true });
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
    bytes.subarray(index * piece, (index + 1) * piece),
  );
  const { stream, finish } = unpackInto(root, limits);
  await pipeline(Readable.from(pieces), stream);
  const unpacked = await finish();
  return { ...unpacked, root, outer };
}

const refusedFor = async (entries: readonly TarEntry[], limits?: Limits) =>
  refusal(unpack(tarOf(entries), limits));

describe('an honest archive', () => {
  it.each([1, 511, 512, 4096, 1_000_000])('arrives in pieces of %i bytes', async (piece) => {
    const big = 'x'.repeat(200_000);
    const entries = [
      { path: './', type: 'Directory', mode: 0o755 },
      { path: './empty' },
      { path: './folder/', type: 'Directory', mode: 0o755 },
      { path: './folder/big', content: big, mode: 0o755 },
      { path: './folder/link', type: 'SymbolicLink', linkpath: '../empty' },
      { path: './same', type: 'Link', linkpath: './folder/big' },
      { path: './-dash é', content: 'd' },
    ];
    const bytes = Buffer.concat([tarOf(entries), Buffer.alloc(8192)]);
    const { root, entries: count } = await unpack(bytes, { maxBytes: 1_000_000, maxEntries: 20 }, piece);
    expect(readdirSync(root).toSorted()).toEqual(['-dash é', 'empty', 'folder', 'same']);
    expect(readFileSync(join(root, 'folder/big'), 'utf8') === big).toBe(true);
    expect(readFileSync(join(root, 'same'), 'utf8') === big).toBe(true);
    expect(readlinkSync(join(root, 'folder/link'))).toBe('../empty');
    expect([
      lstatSync(join(root, 'folder/big')).mode & 0o777,
      lstatSync(join(root, 'empty')).mode & 0o777,
    ]).toEqual([0o755, 0o644].map((mode) => mode & ~process.umask()));
    expect(count).toBe(7);
  });

  it('long names and sizes of extended headers hold', async () => {
    const path = `${'long/'.repeat(60)}name`;
    const { root } = await unpack(
      tarOf([paxHeader({ path, size: '3' }), { path: 'short', content: 'abc', size: 3 }]),
    );
    expect(readFileSync(join(root, path), 'utf8')).toBe('abc');
  });

  it('setuid, setgid and sticky bits are dropped', async () => {
    const { root } = await unpack(
      tarOf([
        { path: 'x', mode: 0o7755 },
        { path: 'd', type: 'Directory', mode: 0o7777 },
      ]),
    );
    expect([lstatSync(join(root, 'x')).mode & 0o7000, lstatSync(join(root, 'd')).mode & 0o7000]).toEqual([
      0, 0,
    ]);
  });

  it('a git directory comes along, with a warning', async () => {
    const { notices } = await unpack(
      tarOf([
        { path: 'a/.git/', type: 'Directory' },
        { path: 'a/.git/config', content: 'x' },
      ]),
    );
    expect(notices).toEqual([expect.stringContaining('a/.git')]);
  });
});

describe('a hostile archive is refused', () => {
  const dir = (path: string) => ({ path, type: 'Directory' });
  const link = (path: string, linkpath: string) => ({ path, type: 'SymbolicLink', linkpath });
  const hard = (path: string, linkpath: string) => ({ path, type: 'Link', linkpath });

  it.each<[string, TarEntry[], string]>([
    ['an absolute path', [{ path: '/tmp/evil' }], 'has an absolute path'],
    ['a path that goes up', [{ path: 'a/../../evil' }], 'has `..` in its path'],
    [
      'a path that goes up, in an extended header',
      [paxHeader({ path: '../evil' }), { path: 'x' }],
      'has `..` in its path',
    ],
    [
      'a path of a global header',
      [paxHeader({ linkpath: '../evil' }, 'GlobalExtendedHeader'), hard('x', 'y')],
      'has `..` in its path',
    ],
    ['a link to an absolute path', [link('a', '/etc')], 'may lead out'],
    ['a link that goes up too far', [dir('d'), link('d/a', '../..')], 'may lead out'],
    ['a link through another link', [dir('d'), link('d/up', '..'), link('a', 'd/up/../..')], 'may lead out'],
    ['a file through a link', [link('a', 'b'), { path: 'a/evil' }], 'goes through the symlink a'],
    ['a file through a file', [{ path: 'a' }, { path: 'a/evil' }], 'goes through the file a'],
    ['a link in place of a folder', [dir('a'), link('a', 'b')], 'comes twice'],
    ['a file in place of a link', [link('a', 'b'), { path: 'a' }], 'comes twice'],
    ['the same file by another path', [{ path: 'a/b' }, { path: './a//b' }], 'comes twice'],
    ['a hard link out', [hard('a', '/etc/passwd')], 'has an absolute path'],
    ['a hard link that goes up', [hard('a', '../../evil')], 'has `..` in its path'],
    ['a hard link to a link', [link('a', 'b'), hard('c', 'a')], 'hard link to what is no file'],
    ['a hard link to what never came', [hard('c', 'a')], 'hard link to what is no file'],
    ['a device', [{ path: 'a', type: 'CharacterDevice' }], 'is neither file, folder nor link'],
    ['a block device', [{ path: 'a', type: 'BlockDevice' }], 'is neither file, folder nor link'],
    ['a pipe', [{ path: 'a', type: 'FIFO' }], 'is neither file, folder nor link'],
    ['a sparse file', [{ path: 'a', type: 'SparseFile' }], 'is neither file, folder nor link'],
    ['a name that moves the cursor', [{ path: 'a\u001b[2J' }], 'has control characters'],
    ['a name with a line end', [{ path: 'a\nb' }], 'has control characters'],
    [
      'a name with a NUL',
      [paxHeader({ path: 'a\0b' }), { path: 'x' }],
      'extended header of no honest archive',
    ],
    [
      'too many bytes',
      [
        { path: 'a', content: 'x'.repeat(600) },
        { path: 'b', content: 'x'.repeat(600) },
      ],
      'more than 1000 bytes',
    ],
    ['a size that only the header has', [{ path: 'a', size: 2 ** 40 }], 'more than 1000 bytes'],
    [
      'a size of an extended header',
      [paxHeader({ size: String(2 ** 40) }), { path: 'a', content: 'x' }],
      'more than 1000 bytes',
    ],
    [
      'a negative size',
      [paxHeader({ size: '-512' }), { path: 'a', content: 'x' }],
      'extended header of no honest archive',
    ],
    [
      'a link with content',
      [{ path: 'a', type: 'SymbolicLink', linkpath: 'b', content: 'x' }],
      'has content',
    ],
    [
      'a sparse file of an extended header',
      [paxHeader({ 'GNU.sparse.major': '1' }), { path: 'x' }],
      'no honest archive',
    ],
    [
      'too many entries',
      Array.from({ length: 21 }, (_, index) => ({ path: `f${index}` })),
      'more than 20 entries',
    ],
    ['an overlong name', [paxHeader({ path: 'n'.repeat(300) }), { path: 'x' }], 'cannot exist here'],
    [
      'an extended header above 1 MiB',
      [paxHeader({ path: 'p'.repeat(2 ** 21) }), { path: 'x' }],
      'is neither file, folder nor link',
    ],
  ])('%s', async (_, entries, reason) => {
    const text = await refusedFor(entries);
    expect(text).toContain('work-refused');
    expect(text).toContain(reason);
    expect(existsSync('/tmp/evil')).toBe(false);
  });

  it.each<[string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['a compressed archive', gzipSync(tarOf([{ path: 'a', content: 'x' }]))],
    ['a bomb', gzipSync(Buffer.alloc(50_000_000))],
    ['an archive that stops in a file', tarOf([{ path: 'a', content: 'x'.repeat(900) }]).subarray(0, 700)],
    ['an archive that stops between files', tarOf([{ path: 'a', content: 'x' }], { isCut: true })],
    ['an archive that stops in a header', tarOf([{ path: 'a' }, { path: 'b' }]).subarray(0, 800)],
    [
      'a damaged header',
      Buffer.concat([tarOf([{ path: 'a' }], { isCut: true }), Buffer.alloc(512, 1), Buffer.alloc(1024)]),
    ],
    ['text', Buffer.from('tar: /etc/shadow: Cannot open: Permission denied\n'.repeat(20))],
    ['more after its end', Buffer.concat([tarOf([{ path: 'a' }]), Buffer.alloc(2 ** 21)])],
  ])('%s', async (_, bytes) => {
    expect(await refusal(unpack(bytes, LIMITS, 64 * 1024))).toContain('no whole archive');
  });

  it('links that lead out can be left out, and nothing goes through them then', async () => {
    const limits = { ...LIMITS, skipsLinks: true };
    const { root, notices } = await unpack(tarOf([link('out', '/etc'), { path: 'a' }]), limits);
    expect([readdirSync(root), notices]).toEqual([['a'], [expect.stringContaining('out')]]);
    expect(await refusedFor([link('out', '/etc'), { path: 'out/evil' }], limits)).toContain(
      'goes through the symlink',
    );
  });
});
