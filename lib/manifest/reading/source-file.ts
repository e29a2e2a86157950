import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BottleError, messageOf } from '../../errors.ts';
import { manifestInvalid } from './problem.ts';

/** Bytes. A system prompt of this size would fill any model's context. */
export const MAX_FILE_BYTES = 1024 * 1024;

export interface SourceFile {
  /** Absolute path. */
  readonly file: string;
  /** Without line endings, which may be `\n` or `\r\n`. */
  readonly lines: readonly string[];
}

/**
 * Reads one manifest file.
 * @throws BottleError `manifest-invalid` when it is not a text file of at most 1 MiB.
 */
export async function readSource(file: string): Promise<SourceFile> {
  const bytes = await readBytes(file);
  if (bytes.length > MAX_FILE_BYTES) {
    throw unusable(file, 'is larger than 1 MiB', 'Shorten it: a manifest is a few lines and a prompt.');
  }
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  if (isUtf8(bytes)) return { file, lines };
  const line = firstLineNotUtf8(bytes);
  throw manifestInvalid({ file, lines }, [
    { path: '', line, column: 1, message: 'is not UTF-8 text', remedy: 'Save the file as UTF-8.' },
  ]);
}

async function readBytes(file: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer forever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) {
      throw unusable(file, 'is not a regular file', 'Replace it with a Markdown file.');
    }
    return await readAtMost(handle, MAX_FILE_BYTES + 1);
  } catch (error) {
    if (error instanceof BottleError) throw error;
    throw unusable(file, `cannot be read: ${messageOf(error)}`, 'Check the file and its permissions.');
  } finally {
    await handle?.close();
  }
}

async function readAtMost(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < limit) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(65_536, limit - length)));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

function unusable(file: string, message: string, remedy: string) {
  return manifestInvalid({ file, lines: [] }, [{ path: '', line: 1, column: 1, message, remedy }]);
}

function firstLineNotUtf8(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}
