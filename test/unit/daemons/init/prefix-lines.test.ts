import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { prefixLines } from '../../../../lib/daemons/init/prefix-lines.ts';

describe('prefixLines', () => {
  async function prefixed(...chunks: (string | Buffer)[]): Promise<string> {
    const source = new PassThrough();
    const sink = new PassThrough();
    prefixLines(source, sink, '[d] ');
    for (const chunk of chunks) source.write(chunk);
    source.end();
    source.once('end', () => setImmediate(() => sink.end()));
    return text(sink);
  }

  it('prefixLines joins lines that arrive in pieces', async () => {
    expect(await prefixed('a', 'b\nc', '\n\nd')).toBe('[d] ab\n[d] c\n[d] \n[d] d\n');
  });

  it('prefixLines keeps a character that is split between two chunks', async () => {
    const euro = Buffer.from('€\n');
    expect(await prefixed(euro.subarray(0, 1), euro.subarray(1))).toBe('[d] €\n');
  });

  it('prefixLines cuts endless lines to bound memory', async () => {
    const lines = (await prefixed('x'.repeat(200_000))).split('\n');
    expect(lines.map((line) => line.length)).toEqual([65540, 65540, 65540, 3396, 0]);
  });
});
