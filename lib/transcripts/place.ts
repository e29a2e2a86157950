/** A file of the agent's sessions. */
export interface TranscriptFile {
  /** Relative to the provider's `transcripts`, without control characters and backslashes. */
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970, by the clock of where it is. */
  readonly modified: number;
}

/** Where session files are: in a guest, or in a bottle's state. */
export interface TranscriptPlace {
  /** Returns all regular files, in no order. */
  list(signal: AbortSignal): Promise<TranscriptFile[]>;
  /** Returns what a file has from that byte on, `PIECE` bytes at most; nothing at its end, and of a file that is gone. */
  read(path: string, from: number, signal: AbortSignal): Promise<Buffer>;
}

/** Bytes. */
export const PIECE = 8 * 1024 * 1024;

/** Newest first; of the same age, by name, in which some agents write the time. */
export function newestFirst(files: readonly TranscriptFile[]): TranscriptFile[] {
  return files.toSorted(
    (one, other) =>
      other.modified - one.modified || (other.path > one.path ? 1 : other.path < one.path ? -1 : 0),
  );
}

/** Whether a path may name a session file, on the host too. */
export function isPlainPath(path: string): boolean {
  return !/[\p{Cc}\\]/u.test(path) && !path.split('/').some((part) => ['', '.', '..'].includes(part));
}
