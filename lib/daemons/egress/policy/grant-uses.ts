import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOfText, MAX_COUNTED, MAX_USES_BYTES, USES_FILE, usesFile } from '../../contract/egress/uses.ts';
import type { Rule } from './policy.ts';

/**
 * How often each grant with `max_uses` was used. A count survives reloads that do not change its route, and with a file
 * also the end of egress.
 */
export class GrantUses {
  readonly #path: string | undefined;
  /** The one that was used last stands last. */
  readonly #counts: Map<string, number>;
  #writing: Promise<void> = Promise.resolve();
  /** The write that has not begun yet. */
  #next: Promise<void> | undefined;

  /** `path`: where the counts are kept; absent: in memory alone. */
  constructor(path?: string, counts: Iterable<readonly [string, number]> = []) {
    this.#path = path;
    this.#counts = new Map(counts);
  }

  /** Goes on with the counts in a directory. @throws Error when they cannot be read: all would count from zero again. */
  static async open(directory: string): Promise<GrantUses> {
    const path = join(directory, USES_FILE);
    try {
      const text = await readFile(path, 'utf8');
      if (text.length > MAX_USES_BYTES) throw new Error('it is too long');
      const { uses } = usesFile.parse(JSON.parse(text));
      return new GrantUses(
        path,
        uses.map(({ route, used }) => [route, used] as const),
      );
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new GrantUses(path);
      const fault = error instanceof Error && 'code' in error ? String(error.code) : 'it is damaged';
      throw new Error(
        `${path}: ${fault}; uses of grants are counted there. Without it, they count from zero.`,
      );
    }
  }

  of(rule: Rule): number {
    return this.#counts.get(keyOfText(rule.grant)) ?? 0;
  }

  /** Takes back a use that was counted but did not happen. */
  refund(rule: Rule): void {
    if (rule.maxUses !== undefined) this.#set(rule, Math.max(0, this.of(rule) - 1));
  }

  count(rule: Rule): void {
    if (rule.maxUses !== undefined) this.#set(rule, this.of(rule) + 1);
  }

  /**
   * Resolves once all that was counted until now is written down; many at once share a write.
   * @throws Error when it cannot be.
   */
  written(): Promise<void> {
    if (this.#path === undefined) return Promise.resolve();
    const path = this.#path;
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#writing = this.#write(path);
        return this.#writing;
      });
    return this.#next;
  }

  #set(rule: Rule, used: number): void {
    const key = keyOfText(rule.grant);
    this.#counts.delete(key);
    this.#counts.set(key, used);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_COUNTED && oldest !== undefined) this.#counts.delete(oldest);
  }

  async #write(path: string): Promise<void> {
    const uses = [...this.#counts].map(([route, used]) => ({ route, used }));
    await writeFile(`${path}.tmp`, `${JSON.stringify({ version: 1, uses })}\n`, { mode: 0o600, flush: true });
    await rename(`${path}.tmp`, path);
  }
}
