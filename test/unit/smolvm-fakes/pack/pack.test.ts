import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Header, Pax } from 'tar';
import { describe, expect, it } from 'vitest';
import { decodeFooter, encodeFooter, FOOTER_SIZE } from '../../../../smolvm-fakes/src/pack/footer.ts';
import { END_OF_ARCHIVE, layerEntries } from '../../../../smolvm-fakes/src/tar/merge.ts';
import { tarEntries } from '../../../../smolvm-fakes/src/tar/tar-entries.ts';
import { padded } from '../../../../smolvm-fakes/src/tar/tar-header.ts';
import { unpackTar } from '../../../../smolvm-fakes/src/tar/unpack.ts';

function entry(path: string, content: string, type: 'File' | 'SymbolicLink' = 'File', linkpath = ''): Buffer {
  const body = Buffer.alloc(padded(Buffer.byteLength(content)));
  body.write(content);
  const size = Buffer.byteLength(content);
  const header = new Header({ path, size, mode: 0o644, type, linkpath, mtime: new Date(0) });
  const block = Buffer.alloc(512);
  if (header.encode(block, 0)) {
    return Buffer.concat([new Pax({ path, size }).encode(), block, body]);
  }
  return Buffer.concat([block, body]);
}

/** Yields the bytes in pieces of `size`, as a network might deliver them. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function listing(bytes: Buffer, size = 1000): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const each of tarEntries(pieces(bytes, size))) {
    const parts: Buffer[] = [];
    for await (const part of each.body()) parts.push(part);
    found.push([each.path, Buffer.concat(parts).toString()]);
  }
  return found;
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

describe('footer of a sidecar', () => {
  it('decodeFooter reads back what encodeFooter wrote', () => {
    const footer = {
      assetsSize: 5_000_000_000,
      manifestOffset: 5_000_000_000,
      manifestSize: 700,
      crc: 0xdeadbeef,
    };
    expect(decodeFooter(encodeFooter(footer), 5_000_000_764)).toEqual(footer);
  });

  it('decodeFooter never returns bounds outside the file, whatever the bytes say', () => {
    const bytes = fc.uint8Array({ minLength: FOOTER_SIZE - 12, maxLength: FOOTER_SIZE - 12 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: FOOTER_SIZE, max: 10_000 }), (rest, fileSize) => {
        const start = encodeFooter({ assetsSize: 0, manifestOffset: 0, manifestSize: 0, crc: 0 }).subarray(
          0,
          12,
        );
        try {
          const footer = decodeFooter(Buffer.concat([start, rest]), fileSize);
          expect(footer.manifestOffset + footer.manifestSize + FOOTER_SIZE).toBeLessThanOrEqual(fileSize);
        } catch (error) {
          expect(String(error)).toContain('I/O error');
        }
      }),
    );
  });
});

describe('tar streams', () => {
  it('tarEntries reads the same entries from pieces of any size, including long names', async () => {
    const long = `${'deep/'.repeat(60)}file`;
    const archive = Buffer.concat([
      entry('a', 'one'),
      entry(long, 'two'),
      entry('empty', ''),
      END_OF_ARCHIVE,
    ]);
    for (const size of [1, 7, 512, 513, 100_000]) {
      expect(await listing(archive, size)).toEqual([
        ['a', 'one'],
        [long, 'two'],
        ['empty', ''],
      ]);
    }
  });

  it('layerEntries drops whiteouts, so that layers merge with the upper one last', async () => {
    const lower = Buffer.concat([entry('etc/gone', 'lower'), entry('etc/motd', 'old'), END_OF_ARCHIVE]);
    const upper = Buffer.concat([entry('etc/.wh.gone', ''), entry('etc/motd', 'new'), END_OF_ARCHIVE]);
    const merged = await Promise.all([lower, upper].map((each) => collect(layerEntries(pieces(each, 300)))));
    expect(await listing(Buffer.concat([...merged, END_OF_ARCHIVE]))).toEqual([
      ['etc/gone', 'lower'],
      ['etc/motd', 'old'],
      ['etc/motd', 'new'],
    ]);
  });

  it('unpackTar cannot write outside the target folder', async () => {
    const base = await mkdtemp(join(tmpdir(), 'unpack-'));
    try {
      const { mkdir } = await import('node:fs/promises');
      const target = join(base, 'root');
      await mkdir(target);
      const climbing = Buffer.concat([entry('../climbed', 'x'), END_OF_ARCHIVE]);
      await unpackTar(pieces(climbing, 512), target).catch(() => undefined);
      const linked = Buffer.concat([
        entry('out', '', 'SymbolicLink', base),
        entry('out/linked', 'x'),
        END_OF_ARCHIVE,
      ]);
      await unpackTar(pieces(linked, 512), target).catch(() => undefined);
      expect(existsSync(join(base, 'climbed'))).toBe(false);
      expect(existsSync(join(base, 'linked'))).toBe(false);
    } finally {
      await rm(base, { recursive: true });
    }
  });
});
