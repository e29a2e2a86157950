import { sizeText } from '../../host/size.ts';

/** Milliseconds between two updates; a shorter copy shows nothing. */
const INTERVAL_MS = 500;

export interface Progress {
  readonly bytes: number;
  add(count: number): void;
  end(): void;
}

/** Counts the bytes of a copy, and shows them on a terminal. */
export function showProgress(isShown: boolean, stream: NodeJS.WriteStream = process.stderr): Progress {
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
      stream.write(`\r\x1b[K${sizeText(bytes)}`);
    },
    end() {
      if (isOnScreen) stream.write('\r\x1b[K');
    },
  };
}
