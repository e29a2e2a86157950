import { open } from 'node:fs/promises';
import { scanPlainText } from '../daemons/detection/index.ts';

/** Bytes at the beginning of a file that are searched. */
export const SEARCHED_BYTES = 1024 * 1024;

const options = { detectors: new Set(['token_patterns'] as const), findKnown: () => [] };

/** Whether text holds a private key or a token of a known kind, in the clear. */
export function hasSecret(content: Buffer): boolean {
  const text = content.subarray(0, SEARCHED_BYTES).toString('latin1');
  return scanPlainText(text, options).length > 0;
}

/** Like `hasSecret`, for a file; false when it is no regular file or is gone. */
export async function fileHasSecret(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const buffer = Buffer.alloc(SEARCHED_BYTES);
    const { bytesRead } = await file.read(buffer, 0, SEARCHED_BYTES, 0);
    return hasSecret(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
