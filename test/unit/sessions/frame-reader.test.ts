import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataFrame, END_FRAME, signalFrame, sizeFrame } from '../../../lib/guest/frames.ts';
import { FrameReader } from '../../../lib/sessions/frame-reader.ts';

it('frames arrive whole, however the socket cuts them', () => {
  const frames = [
    dataFrame(Buffer.from('keys')),
    sizeFrame({ columns: 100, rows: 30 }),
    END_FRAME,
    signalFrame(15),
  ];
  const stream = Buffer.concat(frames);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const reader = new FrameReader();
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const read = places.flatMap((at, index) => reader.read(stream.subarray(at, places[index + 1] ?? at)));
      expect(read.map(({ type, payload }) => type + payload.toString('hex'))).toEqual([
        'd6b657973',
        'r0064001e',
        'e',
        's0f',
      ]);
    }),
  );
});

it('a length that nobody sends is refused instead of waited for', () => {
  expect(() => new FrameReader().read(Buffer.from('d\u007f\u007f\u007f\u007f'))).toThrow('too long');
});
