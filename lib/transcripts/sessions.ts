import { newestFirst, type TranscriptFile } from './place.ts';

/** One conversation of the agent. */
export interface TranscriptSession {
  /** The file's name without its ending. */
  readonly id: string;
  readonly file: TranscriptFile;
  /** Transcripts of the session's subagents: files in a folder of the session's name. */
  readonly parts: readonly TranscriptFile[];
}

const ENDING = '.jsonl';

/** Returns the sessions that files hold, newest first. */
export function sessionsOf(files: readonly TranscriptFile[]): TranscriptSession[] {
  const lines = newestFirst(files).filter(({ path }) => path.endsWith(ENDING));
  const folders = new Map(lines.map((file) => [file.path.slice(0, -ENDING.length), file]));
  const parts = new Map<TranscriptFile, TranscriptFile[]>();
  for (const file of lines) {
    const above = foldersAbove(file.path).find((folder) => folders.has(folder));
    const session = above === undefined ? undefined : folders.get(above);
    if (session !== undefined) parts.set(session, [...(parts.get(session) ?? []), file]);
  }
  const isPart = new Set([...parts.values()].flat());
  return lines
    .filter((file) => !isPart.has(file))
    .map((file) => ({ id: nameOf(file), file, parts: parts.get(file) ?? [] }));
}

/** The name of a file without its folder and its ending. */
export function nameOf({ path }: Pick<TranscriptFile, 'path'>): string {
  return path.slice(path.lastIndexOf('/') + 1, -ENDING.length);
}

/** The folders that a path goes through, outermost first. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
