import { sizeText } from '../../host/size.ts';

/** Milliseconds between two updates; a shorter copy shows nothing. */
const INTERVAL_MS = 500;

export interface Progress {
  readonly bytes: number;
  add(count: number): void;
  end(): void;
}

/**
 * Counts the bytes of a copy, and shows them on a terminal.
 * @param expected bytes of the whole, if there is an estimate; then also how fast they come, and how much that is.
 */
export function showProgress(
  isShown: boolean,
  expected?: number,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  const started = Date.now();
  let bytes = 0;
  let isOnScreen = false;
  let next = Date.now() + INTERVAL_MS;
  const draws = isShown && stream.isTTY === true;
  return {
    get bytes() {
      return bytes;
    },
    add(count) {
      bytes += count;
      if (!draws || Date.now() < next) return;
      next = Date.now() + INTERVAL_MS;
      isOnScreen = true;
      stream.write(`\r\x1b[K${progressText(bytes, Date.now() - started, expected)}`);
    },
    end() {
      if (isOnScreen) stream.write('\r\x1b[K');
    },
  };
}

/** Such as `1.2 GiB, 310.0 MiB/s, about 40%`. */
export function progressText(bytes: number, milliseconds: number, expected?: number): string {
  const rate = `${sizeText(Math.round((bytes * 1000) / Math.max(milliseconds, 1)))}/s`;
  const share =
    expected === undefined ? '' : `, about ${Math.min(99, Math.floor((bytes * 100) / expected))}%`;
  return `${sizeText(bytes)}, ${rate}${share}`;
}
