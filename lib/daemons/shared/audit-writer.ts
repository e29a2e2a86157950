import { AUDIT_FILE_LIMITS, type AuditFiles } from '../contract/audit-files.ts';
import { asciiJson } from './ascii-json.ts';
import { LineFiles } from './line-files.ts';

export interface AuditWriterOptions {
  readonly directory: string;
  readonly files: AuditFiles;
  /** `null` where the daemon runs alone. */
  readonly bottle: string | null;
  /** Prints one line for the operator. */
  readonly say: (line: string) => void;
}

/** Bytes of lines that wait while the disk is full. The daemon goes on: nothing depends on its audit. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1000;

/** Opens the files of a daemon's audit. @throws Error when the directory cannot be written. */
export function openAuditFiles({ directory, files, bottle, say }: AuditWriterOptions): Promise<LineFiles> {
  return LineFiles.open({
    ...{ directory, ...files, ...AUDIT_FILE_LIMITS },
    ...{ maxQueuedBytes: MAX_QUEUED_BYTES, retryMs: RETRY_MS },
    gap: (lost) => asciiJson({ time: new Date().toISOString(), bottle, lost }),
    say: (text) => say(`audit: ${text}`),
  });
}
