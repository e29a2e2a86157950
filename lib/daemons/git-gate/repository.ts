import type { GateRepo } from '../contract/git-gate/repos.ts';
import { Mutex } from '../shared/mutex.ts';
import type { Mirror } from './mirror.ts';
import { refresh } from './upstream/refresh.ts';
import type { Upstream } from './upstream/upstream.ts';

/** A mirror and its upstream. What changes the mirror takes turns: refreshes, and each push from judgement to end. */
export class Repository {
  readonly repo: GateRepo;
  readonly mirror: Mirror;
  readonly upstream: Upstream;
  readonly turns = new Mutex();
  #refreshing: Promise<void> | undefined;

  constructor(repo: GateRepo, mirror: Mirror, upstream: Upstream) {
    this.repo = repo;
    this.mirror = mirror;
    this.upstream = upstream;
  }

  /** Brings the mirror up to date; those who ask while it is being done share the answer. @throws UpstreamFault */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const release = await this.turns.take();
    try {
      await refresh(this.mirror, this.upstream);
    } finally {
      release();
    }
  }
}
