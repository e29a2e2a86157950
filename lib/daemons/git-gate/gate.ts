import { join } from 'node:path';
import type { GateReply, GateRequest } from '../contract/git-gate/control.ts';
import { GIT_CONFIG_FILES, type ReposFile } from '../contract/git-gate/repos.ts';
import { gitEnvironment } from '../shared/git-environment.ts';
import { MemoryBudget } from '../shared/memory-budget.ts';
import { readExceptions } from './exceptions.ts';
import { FindingIds } from './finding-ids.ts';
import { writeGitConfiguration } from './git-configuration.ts';
import { Mirror } from './mirror.ts';
import type { OwnSecrets } from './own-secrets.ts';
import { type Judging, Push } from './push.ts';
import { Repository } from './repository.ts';
import { rootsIn, writeRoots } from './upstream/roots.ts';
import { UpstreamFault, type UpstreamTimes } from './upstream/upstream.ts';
import { upstreamOf } from './upstream/upstream-of.ts';

export interface GateOptions {
  readonly file: ReposFile;
  /** Directory with the keys and the known hosts. */
  readonly config: string;
  /** Directory of the mirrors. */
  readonly mirrors: string;
  /** Directory for git's configuration and the hooks. */
  readonly run: string;
  readonly secrets: OwnSecrets;
  /** The variables with the tokens of HTTPS upstreams. */
  readonly environment: NodeJS.ProcessEnv;
  /** PEM: whom HTTPS upstreams are verified by. Default: whom Node trusts. */
  readonly roots?: readonly string[];
  readonly times?: Partial<UpstreamTimes>;
  /** Program in the place of `ssh`. */
  readonly ssh?: string;
}

/** The gate: mirrors of a bottle's repositories, kept like upstream, and pushes to upstream that passed the checks. */
export class Gate {
  readonly #repositories: ReadonlyMap<string, Repository>;
  readonly #judging: Judging;
  readonly #pushes = new Map<string, Push>();

  private constructor(repositories: readonly Repository[], judging: Judging) {
    this.#repositories = new Map(repositories.map((repository) => [repository.repo.name, repository]));
    this.#judging = judging;
  }

  /**
   * Makes the mirrors that are missing; upstream is not asked yet.
   * @throws Error when a directory or a token cannot be used.
   */
  static async open(options: GateOptions): Promise<Gate> {
    const { file, run, mirrors, secrets } = options;
    const environment = gitEnvironment(await writeGitConfiguration(run, file.limits));
    const roots = rootsIn(run);
    // Reading them takes a moment, and megabytes.
    if (file.repos.some(({ key }) => key.kind === 'token')) await writeRoots(roots, options.roots);
    const repositories = file.repos.map((repo) => {
      const mirror = new Mirror(join(mirrors, `${repo.name}.git`), environment);
      return new Repository(repo, mirror, upstreamOf(repo, { ...options, roots }));
    });
    for (const { mirror } of repositories) await mirror.open();
    const ids = await FindingIds.open(mirrors);
    const exceptionsFor = (repo: string) =>
      readExceptions(join(options.config, GIT_CONFIG_FILES.allowed), repo, ids);
    return new Gate(repositories, {
      limits: file.limits,
      secrets,
      exceptionsFor,
      memory: new MemoryBudget(),
      supervised: file.supervise ?? false,
    });
  }

  /** Begins a push. @returns `undefined` for a repository that is not the gate's, or an id that was used before. */
  open(repo: string, id: string, onForward: () => void): Push | undefined {
    const repository = this.#repositories.get(repo);
    if (repository === undefined || this.#pushes.has(id)) return undefined;
    const push = new Push(repository, this.#judging, onForward);
    this.#pushes.set(id, push);
    return push;
  }

  close(id: string): void {
    this.#pushes.delete(id);
  }

  /** Id of each branch and tag of a repository's mirror; none where it cannot be read. */
  async refs(repo: string): Promise<ReadonlyMap<string, string>> {
    const mirror = this.#repositories.get(repo)?.mirror;
    return (await mirror?.refs().catch(() => undefined)) ?? new Map();
  }

  /** Never throws: what went wrong is told to whoever called git. */
  async answer(request: Exclude<GateRequest, { do: 'push' | 'ended' }>): Promise<GateReply> {
    try {
      if (request.do === 'refresh') return await this.#refresh(request.repo);
      const push = this.#pushes.get(request.push);
      if (push === undefined)
        return { ok: false, text: 'git gate: it knows nothing of this push; push again' };
      return request.do === 'judge' ? await push.judge(request) : await push.forward(request);
    } catch (error) {
      return { ok: false, text: `git gate: ${error instanceof Error ? error.message : 'it failed'}` };
    }
  }

  async #refresh(name: string): Promise<GateReply> {
    const repository = this.#repositories.get(name);
    if (repository === undefined) return { ok: false, text: `git gate: there is no repository ${name}` };
    try {
      await repository.refresh();
      return { ok: true, text: '' };
    } catch (error) {
      if (!(error instanceof UpstreamFault)) throw error;
      return { ok: false, text: `git gate: ${name} cannot be brought up to date; ${error.message}` };
    }
  }
}
