import { Transform, type Writable } from 'node:stream';
import { visible } from '../../host/visible.ts';
import { type CopyContext, copyIn, copyStreamIn, refused } from './copy-in.ts';
import { copyOut, copyStreamOut } from './copy-out.ts';
import type { Limits } from './entry-rules.ts';
import type { Places } from './places.ts';

/** Where a copy is now, and what to know about it. */
export interface Copied {
  /** A path, in the guest after a copy into it; `-` for standard output. */
  readonly target: string;
  readonly notices: readonly string[];
}

/** Copies in the direction and between the places that were asked for. @throws BottleError */
export async function copy(places: Places, limits: Limits, context: CopyContext): Promise<Copied> {
  if (places.direction === 'in') {
    if (places.host === '-' && process.stdin.isTTY)
      throw refused('FROM=- reads standard input, which is a terminal');
    const target =
      places.host === '-'
        ? await copyStreamIn(process.stdin, places, context)
        : await copyIn(places, context);
    return { target, notices: [] };
  }
  if (places.host !== '-') return copyOut(places, limits, context);
  await copyStreamOut(places, standardOutput(), context);
  return { target: '-', notices: [] };
}

/** A file of a guest may hold what a terminal obeys. */
function standardOutput(): Writable {
  if (!process.stdout.isTTY) return process.stdout;
  const decoder = new TextDecoder();
  const safe = new Transform({
    transform: (chunk: Buffer, _encoding, done) =>
      done(null, visible(decoder.decode(chunk, { stream: true }))),
  });
  safe.pipe(process.stdout, { end: false });
  return safe;
}
