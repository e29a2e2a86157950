import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEntry } from '../../contract/egress/audit.ts';
import { LEARNED_FILE, type LearnedFile, learnedFile } from '../../contract/egress/learned.ts';
import { Learner } from './learner.ts';

/** Milliseconds between two writes of the file. */
const WRITE_EVERY_MS = 1000;

/** Keeps what a learner collects in a file, which is written as a whole, some time after each change. */
export class LearnedStore {
  readonly #path: string;
  readonly #say: (text: string) => void;
  readonly #learner: Learner;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  private constructor(path: string, learner: Learner, say: (text: string) => void) {
    this.#path = path;
    this.#learner = learner;
    this.#say = say;
  }

  /** Continues from the content of the file; starts anew if that is unusable. */
  static async open(directory: string, say: (text: string) => void): Promise<LearnedStore> {
    const path = join(directory, LEARNED_FILE);
    return new LearnedStore(path, new Learner(await readLearned(path, say)), say);
  }

  note(entry: AuditEntry): void {
    if (!this.#learner.note(entry)) return;
    this.#timer ??= setTimeout(() => void this.#write(), WRITE_EVERY_MS).unref();
  }

  /** Writes pending changes. Never throws. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) await this.#write();
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      await writeFile(`${this.#path}.tmp`, `${JSON.stringify(this.#learner.learned)}\n`, { mode: 0o600 });
      await rename(`${this.#path}.tmp`, this.#path);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#say(`what was learned cannot be written: ${codeOf(error)}`);
      this.#isFailing = true;
    }
  }
}

async function readLearned(path: string, say: (text: string) => void): Promise<LearnedFile | undefined> {
  try {
    return learnedFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT') say(`what was learned before cannot be used and is begun anew: ${code}`);
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'not what it should be';
}
