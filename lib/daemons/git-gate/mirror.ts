import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GitFault, type GitOptions, gitOutput, runGit } from './run-git.ts';

/** Milliseconds. Git waits for whoever reads: the search of a large push takes minutes. */
const LOCAL_MS = 15 * 60_000;

/** Milliseconds after which a lock file is one that a killed git left behind. Git holds them for moments. */
const STALE_LOCK_MS = 10_000;
/** The same for objects of a push: a large one may take long. */
const STALE_OBJECTS_MS = 6 * 3_600_000;

export interface LocalGit {
  readonly signal?: AbortSignal | undefined;
  readonly input?: string | undefined;
  /** Variables beside those that all have. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
}

/** A bare repository that has what upstream has. */
export class Mirror {
  readonly directory: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#environment = environment;
  }

  /** Makes it where there is none. @throws GitFault */
  async open(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await this.#init();
    await this.sweep();
  }

  /** Makes it one whose ids are of this hash, which must be done before it has anything. @throws GitFault */
  async setHash(hash: 'sha1' | 'sha256'): Promise<void> {
    const present = (await this.git(['rev-parse', '--show-object-format'])).trim();
    if (present === hash) return;
    if ((await this.refs()).size > 0) {
      throw new GitFault(`upstream has changed from ${present} to ${hash}: bring the bottle up anew`);
    }
    await rm(this.directory, { recursive: true });
    await this.#init(`--object-format=${hash}`);
  }

  async #init(...options: readonly string[]): Promise<void> {
    // Without a template, it has no hooks and no configuration but git's least.
    const args = ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', ...options];
    await gitOutput([...args, this.directory], this.options());
  }

  arguments(args: readonly string[]): string[] {
    return ['--no-pager', `--git-dir=${this.directory}`, ...args];
  }

  options({ signal, input, extra }: LocalGit = {}): GitOptions {
    return { environment: { ...this.#environment, ...extra }, timeoutMs: LOCAL_MS, signal, input };
  }

  /** Output of a git command in it. @throws GitFault */
  git(args: readonly string[], local: LocalGit = {}): Promise<string> {
    return gitOutput(this.arguments(args), this.options(local));
  }

  /** Whether a git command in it succeeds. @throws GitFault when it does neither that nor end with 1. */
  async succeeds(args: readonly string[], local: LocalGit = {}): Promise<boolean> {
    const result = await runGit(this.arguments(args), this.options(local));
    if (result.code === 0) return true;
    if (result.code === 1) return false;
    throw new Error(`git ${args[0]} failed: ${result.stderr.trim()}`);
  }

  /** Id of each ref. */
  async refs(): Promise<Map<string, string>> {
    const text = await this.git(['for-each-ref', '--format=%(objectname) %(refname)']);
    return new Map(lines(text).map((line) => [line.slice(line.indexOf(' ') + 1), line.split(' ')[0] ?? '']));
  }

  /** The ref that HEAD stands for, whether or not it exists. */
  async head(): Promise<string> {
    return (await this.git(['symbolic-ref', 'HEAD'])).trim();
  }

  /** Removes what a git that was killed left behind. */
  async sweep(): Promise<void> {
    for (const folder of ['', 'refs', 'objects', 'objects/pack']) {
      const recursive = folder === 'refs';
      const names = await readdir(join(this.directory, folder), { recursive }).catch(() => []);
      for (const name of names) {
        const path = join(this.directory, folder, name);
        if (name.endsWith('.lock')) await removeOlder(path, STALE_LOCK_MS);
        if (name.startsWith('tmp_')) await removeOlder(path, STALE_OBJECTS_MS);
      }
    }
  }
}

async function removeOlder(path: string, ageMs: number): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > ageMs) {
    await rm(path, { recursive: true, force: true });
  }
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
