import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const KEY_FILE = 'mark.key';
const KEY_BYTES = 32;

/** Makes the marks of values, see `contract/egress/value-mark.ts`. */
export class ValueMarks {
  readonly #key: Buffer;

  /** `key`: marks of another key are of no use. */
  constructor(key: Buffer = randomBytes(KEY_BYTES)) {
    this.#key = key;
  }

  /**
   * Takes the key of an earlier egress of the same bundle, so that what was approved then still counts. `directory` is in
   * memory: with the key, values that are easy to guess could be found by their marks. @throws Error when it cannot be used.
   */
  static async open(directory: string): Promise<ValueMarks> {
    const path = join(directory, KEY_FILE);
    // Its parent is the memory of the running bundle: without it, the key would end up on a disk.
    await mkdir(directory, { mode: 0o700 }).catch(unlessThere);
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, randomBytes(KEY_BYTES), { mode: 0o600 });
    // Whole or not at all, and never in the place of one that is there.
    await link(temporary, path).catch(unlessThere);
    await rm(temporary, { force: true });
    const key = await readFile(path);
    if (key.length !== KEY_BYTES) throw new Error(`--run ${directory}: ${KEY_FILE} is damaged: remove it`);
    return new ValueMarks(key);
  }

  of(value: string): string {
    return createHmac('sha256', this.#key).update(value).digest('hex').slice(0, 24);
  }
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
