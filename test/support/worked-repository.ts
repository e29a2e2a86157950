import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file of a tree: its content, or with a mode, or the id of an object that exists. `100755`, `120000` (a link to the content), `160000` (a commit). */
export type TreeFile =
  | string
  | Buffer
  | { readonly mode: string; readonly content: string; readonly id?: string };
export type Tree = Readonly<Record<string, TreeFile>>;

const IDENTITY = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};
export const SLUG = 'dev-abcde';

/** A repository of the host in a temporary directory, with what a bottle has brought back: made by plumbing alone. */
export class WorkedRepository {
  readonly directory: string;

  /** `base` is what went in, and what the working tree has, committed; `result` is what came back. */
  constructor(base: Tree, result: Tree, directory = mkdtempSync(join(tmpdir(), 'worked-'))) {
    this.directory = realpathSync(directory);
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('config', 'core.autocrlf', 'false');
    const went = this.commit(base);
    this.git('update-ref', 'refs/heads/main', went);
    this.git('reset', '--quiet', '--hard');
    this.ref('base', went);
    this.bringBack(result);
  }

  bringBack(result: Tree): void {
    const came = this.commit(result, this.git('rev-parse', 'HEAD'));
    this.ref('HEAD', came);
    this.ref('heads/feature', came);
  }

  ref(name: string, commit: string): void {
    this.git('update-ref', `refs/bottles/${SLUG}/${name}`, commit);
  }

  git(...args: string[]): string {
    return this.run(args, '').toString().trim();
  }

  commit(tree: Tree, ...parents: string[]): string {
    return this.git(
      'commit-tree',
      this.tree(tree),
      '-m',
      'x',
      ...parents.flatMap((parent) => ['-p', parent]),
    );
  }

  /** Unlike an index, a tree takes any name. */
  private tree(files: Tree): string {
    const folders = new Map<string, Record<string, TreeFile>>();
    const entries: string[] = [];
    for (const [path, file] of Object.entries(files)) {
      const slash = path.indexOf('/');
      if (slash >= 0) {
        const folder = path.slice(0, slash);
        const inside = folders.get(folder) ?? {};
        inside[path.slice(slash + 1)] = file;
        folders.set(folder, inside);
        continue;
      }
      const given = typeof file === 'object' && 'mode' in file ? file : { mode: '100644', content: file };
      entries.push(
        `${given.mode} ${given.mode === '160000' ? 'commit' : 'blob'} ${this.id(given)}\t${path}\0`,
      );
    }
    for (const [name, content] of folders) entries.push(`040000 tree ${this.tree(content)}\t${name}\0`);
    return this.run(['mktree', '-z', '--missing'], entries.join('')).toString().trim();
  }

  private id({ mode, content, id }: { mode: string; content: string | Buffer; id?: string }): string {
    if (id !== undefined) return id;
    if (mode === '160000') return content.toString();
    return this.run(['hash-object', '-w', '--stdin'], content).toString().trim();
  }

  private run(args: string[], input: string | Buffer): Buffer {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', ...IDENTITY };
    return execFileSync('git', ['-C', this.directory, ...args], {
      input,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, content: string | Buffer): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  /** A file's content; `-> TARGET` of a link, `folder` of a directory, undefined when it does not exist. */
  read(name: string): string | undefined {
    if (!existsSync(dirname(this.path(name)).concat('/.'))) return undefined;
    const found = lstatSync(this.path(name), { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (found.isDirectory()) return 'folder';
    return found.isSymbolicLink()
      ? `-> ${readlinkSync(this.path(name))}`
      : readFileSync(this.path(name), 'utf8');
  }
}
