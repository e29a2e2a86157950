import type { CopyTarget } from './copy-repository.ts';

export interface FetchRequest {
  readonly bottle: CopyTarget;
  /** Top of the repository on the host. */
  readonly root: string;
  /** Top of the repository in the guest. */
  readonly directory: string;
  readonly objectFormat: 'sha1' | 'sha256';
  /** The commit with exactly the files that went in, empty for none, and its tree. */
  readonly base: string;
  readonly tree: string;
  /** Host directory for what is not checked yet. */
  readonly scratch: string;
  /** Bytes of a pack that are accepted. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  onBytes(count: number): void;
}
