import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMissing } from '../../host/files.ts';

const CHECK_EVERY_MS = 300;
const PIECE = 256 * 1024;

/** Yields a file that is appended to, after the file `.1` that it followed, until `isGoingOn` is false at its end. */
export async function* tail(path: string, isGoingOn: () => Promise<boolean>): AsyncGenerator<Buffer> {
  yield* contentFrom(`${path}.1`, 0);
  for (let at = 0; ; ) {
    const goesOn = await isGoingOn();
    for await (const piece of contentFrom(path, at)) {
      at += piece.length;
      yield piece;
    }
    if (!goesOn) return;
    await sleep(CHECK_EVERY_MS);
    at = (await sizeOf(path)) < at ? 0 : at;
  }
}

async function* contentFrom(path: string, from: number): AsyncGenerator<Buffer> {
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    for (let at = from; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await openIfThere(path);
  const size = (await file?.stat())?.size ?? 0;
  await file?.close();
  return size;
}

async function openIfThere(path: string) {
  return open(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
