import { createHmac, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../detection/index.ts';

const KEY_BYTES = 32;

/** Names findings without telling anything of their values: by a keyed hash, whose key stays with the mirrors. */
export class FindingIds {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** `directory`: where the key is kept, or made. @throws Error when it can be neither */
  static async open(directory: string): Promise<FindingIds> {
    const path = join(directory, 'finding-key');
    const known = await readFile(path).catch(() => undefined);
    if (known?.length === KEY_BYTES) return new FindingIds(known);
    const key = randomBytes(KEY_BYTES);
    await writeFile(`${path}.new`, key, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return new FindingIds(key);
  }

  idOf(repo: string, { type, value }: Finding): string {
    const hash = createHmac('sha256', this.#key).update(JSON.stringify([repo, type, value]));
    return `f-${hash.digest('hex').slice(0, 12)}`;
  }
}
