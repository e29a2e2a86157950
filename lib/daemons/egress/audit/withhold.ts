import { WITHHELD } from '../../contract/egress/audit.ts';
import { type KnownSecretFinder, type ScanOptions, scanHost, scanText } from '../../detection/index.ts';

/** Keeps out of what is written down whatever looks like a secret, also where the request itself was not scanned. */
export class Withholder {
  readonly #options: ScanOptions;

  constructor(findKnown: KnownSecretFinder) {
    this.#options = { detectors: new Set(['token_patterns', 'known_secrets']), findKnown };
  }

  /** The text, or `WITHHELD` for all of it. */
  text(text: string): string {
    return scanText(text, this.#options).length === 0 ? text : WITHHELD;
  }

  /** The name, or what is left of it when its labels may carry something out: whom it went to is worth knowing. */
  host(host: string): string {
    if (scanHost(host, this.#options).length === 0 && this.text(host) === host) return host;
    const owner = host.split('.').slice(-2).join('.');
    return this.text(owner) === owner ? `${WITHHELD}.${owner}` : WITHHELD;
  }
}
