import { hash } from 'node:crypto';
import { type Finding, type ScanOptions, scanText } from '../../detection/index.ts';

/**
 * Searches the names of directories. Most commits change files and no names: each directory is searched once for each
 * set of names that it ever had.
 */
export class NameSearch {
  readonly #scan: ScanOptions;
  /** Digests of names without findings. */
  readonly #clean = new Set<string>();

  constructor(scan: ScanOptions) {
    this.#scan = scan;
  }

  /** @param names of one directory, one a line */
  findings(names: string): Finding[] {
    const digest = hash('sha256', names, 'base64');
    if (this.#clean.has(digest)) return [];
    const findings = scanText(names, this.#scan);
    if (findings.length === 0) this.#clean.add(digest);
    return findings;
  }
}
