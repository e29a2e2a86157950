import { expect, it } from 'vitest';
import { transcriptLines } from '../../../lib/transcripts/lines.ts';
import { PIECE, type TranscriptPlace } from '../../../lib/transcripts/place.ts';

function placeOf(content: Buffer): TranscriptPlace {
  return {
    list: async () => [],
    read: async (_path, from) => content.subarray(from, from + PIECE),
  };
}

async function linesOf(content: string | Buffer) {
  const lines: unknown[] = [];
  const options = { follow: false, signal: new AbortController().signal };
  for await (const line of transcriptLines(placeOf(Buffer.from(content)), 'a', options)) {
    lines.push([line?.text?.length ?? 'too long', line?.isWhole]);
  }
  return lines;
}

it('a last line without an end is told apart', async () => {
  expect(await linesOf('a\n\nbé\nhalf')).toEqual([
    [1, true],
    [0, true],
    [2, true],
    [4, false],
  ]);
  expect(await linesOf('')).toEqual([]);
});

it('lines go on from piece to piece, and one that is too long is left out alone', async () => {
  const long = 'x'.repeat(PIECE + 5);
  const endless = Buffer.alloc(3 * PIECE, 'y');
  expect(await linesOf(Buffer.concat([Buffer.from(`${long}\n`), endless, Buffer.from('\nz\n')]))).toEqual([
    [long.length, true],
    ['too long', true],
    [1, true],
  ]);
});
