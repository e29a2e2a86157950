import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GIT_TOKEN_SLOT } from '../contract/git-gate/repos.ts';
import { knownSecretFinder, type ScanOptions } from '../detection/index.ts';

const SLOT = /^EGRESS_TOKEN_[0-9]+$/;

/**
 * The bottle's own secrets: what egress's slots hold, and have held, and the tokens of HTTPS upstreams. They are never
 * logged.
 */
export class OwnSecrets {
  readonly #directory: string;
  readonly #values: Set<string>;
  #scan: ScanOptions;

  /** `directory`: files with tokens that replace those of the environment, named by their slots; may be absent. */
  constructor(environment: NodeJS.ProcessEnv, directory: string) {
    const slots = Object.entries(environment).filter(
      ([name]) => SLOT.test(name) || GIT_TOKEN_SLOT.test(name),
    );
    this.#directory = directory;
    this.#values = new Set(slots.flatMap(([, value]) => (value ? [value] : [])));
    this.#scan = this.#scanFor();
  }

  /** How to look for all that are secret at this time. */
  async scan(): Promise<ScanOptions> {
    const known = this.#values.size;
    for (const slot of await readdir(this.#directory).catch(() => [])) {
      if (!SLOT.test(slot)) continue;
      const value = await readFile(join(this.#directory, slot), 'utf8');
      if (value !== '') this.#values.add(value);
    }
    if (this.#values.size > known) this.#scan = this.#scanFor();
    return this.#scan;
  }

  #scanFor(): ScanOptions {
    const detectors = new Set(['token_patterns', 'known_secrets'] as const);
    return { detectors, exhaustive: true, findKnown: knownSecretFinder([...this.#values]) };
  }
}
