import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SnapshotEntry, SnapshotStream, type Treatment } from '../../../lib/freeze/snapshot-stream.ts';

const KEEP: Treatment = { kind: 'keep' };
let directory: string;
let archive: Buffer;

/** An archive in the format of the guest tool. */
function gnuTar(folder: string): Buffer {
  const args = ['--format=gnu', '--sort=name', '-c', '-C', folder, ...readdirSync(folder)];
  return execFileSync('tar', args, { maxBuffer: 1 << 28 });
}

function through(bytes: Buffer, size: number, treat: (entry: SnapshotEntry) => Treatment = () => KEEP) {
  const stream = new SnapshotStream(treat);
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) kept.push(...stream.push(bytes.subarray(at, at + size)));
  return { kept: Buffer.concat(kept), isComplete: stream.isComplete };
}

function listed(bytes: Buffer): string[] {
  return execFileSync('tar', ['-t', '-f', '-'], { input: bytes, encoding: 'utf8' }).trim().split('\n');
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  const root = join(directory, 'root');
  mkdirSync(join(root, 'etc', 'long'.repeat(40)), { recursive: true });
  writeFileSync(join(root, 'etc', 'bundle'), 'one\ntwo\nthree\n');
  writeFileSync(join(root, 'etc', 'long'.repeat(40), 'file'), 'deep');
  writeFileSync(join(root, 'big'), Buffer.alloc(300_000, 'abc'));
  symlinkSync('etc/bundle', join(root, 'link'));
  archive = gnuTar(root);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('what is kept of a snapshot', () => {
  it.each([1, 7, 512, 513, 65_536, 10_000_000])('is all of it, in parts of %i bytes', (size) => {
    const { kept, isComplete } = through(archive, size);
    expect(isComplete).toBe(true);
    // The end may be shorter: tar fills up to 10 KiB.
    expect(kept.equals(archive.subarray(0, kept.length))).toBe(true);
    expect(listed(kept)).toEqual(listed(archive));
  });

  it.each([13, 100_000])('leaves out and edits entries, in parts of %i bytes', (size) => {
    const { kept } = through(archive, size, ({ path }) => {
      if (path === 'big') return { kind: 'leave-out' };
      if (path !== 'etc/bundle') return KEEP;
      return { kind: 'edit', edit: (content) => Buffer.from(content.toString().replace('two\n', '')) };
    });
    const out = mkdtempSync(join(directory, 'out-'));
    execFileSync('tar', ['-x', '-f', '-', '-C', out], { input: kept });
    expect(readdirSync(out).toSorted()).toEqual(['etc', 'link']);
    expect(readFileSync(join(out, 'link'), 'utf8')).toBe('one\nthree\n');
    expect(readFileSync(join(out, 'etc', 'long'.repeat(40), 'file'), 'utf8')).toBe('deep');
  });

  it('lets a file be watched in parts, with its end', () => {
    const parts: number[] = [];
    through(archive, 65_536, ({ path }) =>
      path === 'big' ? { kind: 'observe', observe: (part) => parts.push(part.length) } : KEEP,
    );
    expect(parts.reduce((sum, length) => sum + length)).toBe(300_000);
    expect(parts.at(-1)).toBe(0);
  });
});

describe('a snapshot that the guest tool would not write is refused:', () => {
  /** A header by hand; `change` damages it before its sum is made. */
  function header(change: (block: Buffer) => void, name = 'x', type = '0', size = 0): Buffer {
    const block = Buffer.alloc(512);
    block.write(name);
    block.write('0000644\0', 100);
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
    block.write(type, 156);
    block.write('ustar  \0', 257, 'latin1');
    change(block);
    const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return block;
  }
  const fine = () => {};
  const pax = (text: string) =>
    Buffer.concat([header(fine, 'p', 'x', text.length), Buffer.from(text.padEnd(512, '\0'))]);

  it.each<[string, Buffer, RegExp]>([
    ['a path that leads out', header(fine, '../x'), /leads out/],
    ['a path with a dot', header(fine, 'a/./b'), /leads out/],
    ['an absolute path', header(fine, '/etc/passwd'), /leads out/],
    [
      'a hard link that leads out',
      header((block) => block.write('../../etc/passwd', 157), 'x', '1'),
      /leads out/,
    ],
    ['a device', header(fine, 'x', '3'), /is of the type 3/],
    ['a global header', header(fine, 'x', 'g', 0), /is of the type g/],
    ['another format', header((block) => block.write('ustar\x0000', 257, 'latin1')), /another format/],
    ['a symlink with content', header(fine, 'x', '2', 9), /is no file, and has content/],
    ['a size that is no number', header((block) => block.write('9999999999\0', 124)), /invalid number/],
    ['a size beyond all numbers', header((block) => block.fill(0xfe, 124, 136)), /invalid number/],
    ['a path in an extended header', pax('10 path=a\n'), /extended header/],
    ['a size in an extended header', pax('10 size=9\n'), /extended header/],
    ['a record with a wrong length', pax('99 SCHILY.xattr.user.a=b\n'), /extended header/],
    ['a long name without end', header(fine, 'x', 'L', 9000), /too long/],
  ])('%s', (_what, bytes, reason) => {
    expect(() => through(bytes, 512)).toThrow(reason);
    expect(() => through(bytes, 5)).toThrow(reason);
  });

  it('a damaged header', () => {
    const damaged = header(fine);
    damaged[0] = 0x79;
    expect(() => through(damaged, 512)).toThrow(/damaged/);
  });

  it('data behind its end', () => {
    expect(() => through(Buffer.concat([Buffer.alloc(1024), Buffer.from('x')]), 100)).toThrow(/more follows/);
  });

  it('its end in the middle of an entry', () => {
    const name = Buffer.concat([header(fine, 'x', 'L', 3), Buffer.from('abc'.padEnd(512, '\0'))]);
    expect(() => through(Buffer.concat([name, Buffer.alloc(512)]), 100)).toThrow(/middle of an entry/);
  });

  it('and one without an end is not complete', () => {
    expect(through(archive.subarray(0, 5 * 512), 512).isComplete).toBe(false);
  });
});
