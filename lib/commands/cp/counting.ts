import { Transform } from 'node:stream';

/** A stream that passes everything on, and says how much. */
export function counting(onBytes: (count: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
}
