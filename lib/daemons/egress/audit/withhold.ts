import { WITHHELD } from '../../contract/egress/audit.ts';
import { type KnownSecretFinder, type ScanOptions, scanHost, scanText } from '../../detection/index.ts';

/** Keeps anything that looks like a secret out of logs, even where the request itself was not scanned. */
export class Withholder {
  readonly #options: ScanOptions;

  constructor(findKnown: KnownSecretFinder) {
    this.#options = { detectors: new Set(['token_patterns', 'known_secrets']), findKnown };
  }

  /** Returns the text, or `WITHHELD` in place of all of it. */
  text(text: string): string {
    return scanText(text, this.#options).length === 0 ? text : WITHHELD;
  }

  /**
   * Returns the name. If its labels may carry data, returns only its owner: the recipient is worth knowing.
   */
  host(host: string): string {
    if (scanHost(host, this.#options).length === 0 && this.text(host) === host) return host;
    const owner = host.split('.').slice(-2).join('.');
    return this.text(owner) === owner ? `${WITHHELD}.${owner}` : WITHHELD;
  }
}
