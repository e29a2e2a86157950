import { join } from 'node:path';
import type {
  ForwardRequest,
  GateReply,
  JudgeRequest,
  RefAnswer,
  RefCommand,
} from '../contract/git-gate/control.ts';
import type { GateLimits } from '../contract/git-gate/repos.ts';
import type { MemoryBudget } from '../shared/memory-budget.ts';
import type { CheckResult, Exceptions } from './judge/check.ts';
import { judge } from './judge/judge.ts';
import { newObjects } from './judge/new-objects.ts';
import { safeName } from './judge/safe-name.ts';
import type { OwnSecrets } from './own-secrets.ts';
import type { Repository } from './repository.ts';
import { forward } from './upstream/forward.ts';

/** What judging takes beside the push itself. */
export interface Judging {
  readonly limits: GateLimits;
  readonly secrets: OwnSecrets;
  /** What a person lets pass at this time. */
  readonly exceptionsFor: (repo: string) => Promise<Exceptions>;
  readonly memory: MemoryBudget;
  /** Whether the agent can ask a person to let a finding pass. */
  readonly supervised: boolean;
}

/** What became of a push, for the audit. */
export interface PushAccount {
  readonly repo: string;
  readonly commands: readonly RefCommand[];
  readonly checks: readonly CheckResult[];
  /** How many commits upstream did not have; `null` when they were not counted. */
  readonly commits: number | null;
  /** Upstream's answers; `undefined` when it was not asked. */
  readonly upstream: readonly RefAnswer[] | undefined;
  readonly ms: number;
}

/** One push, from its judgement to its end. Its repository is locked meanwhile. */
export class Push {
  readonly #repository: Repository;
  readonly #judging: Judging;
  readonly #onForward: () => void;
  readonly #start = performance.now();
  readonly #gone = new AbortController();
  #release: (() => void) | undefined;
  #approved: readonly RefCommand[] = [];
  #commands: readonly RefCommand[] = [];
  #checks: readonly CheckResult[] = [];
  #commits: number | null = null;
  #upstream: readonly RefAnswer[] | undefined;
  #forwarding: Promise<unknown> | undefined;

  /** `onForward` is called before anything goes upstream. */
  constructor(repository: Repository, judging: Judging, onForward: () => void) {
    this.#repository = repository;
    this.#judging = judging;
    this.#onForward = onForward;
  }

  async judge({ commands, options, quarantine }: JudgeRequest): Promise<GateReply> {
    if (this.#commands.length > 0) return { ok: false, text: 'git gate: this push was judged already' };
    this.#commands = commands;
    const release = await this.#repository.turns.take();
    this.#release = release;
    const { signal } = this.#gone;
    if (signal.aborted) {
      release();
      return { ok: false, text: 'git gate: the client is gone' };
    }
    const { mirror, repo } = this.#repository;
    const { limits, memory, supervised } = this.#judging;
    const scan = await this.#judging.secrets.scan();
    const exceptions = await this.#judging.exceptionsFor(repo.name);
    const local = { extra: quarantined(mirror.directory, quarantine), signal };
    let objects: ReturnType<typeof newObjects> | undefined;
    const { ok, results, text } = await judge({
      ...{ repo, mirror, commands, options, local, limits, memory, supervised, scan, exceptions },
      objects: () => {
        objects ??= newObjects(mirror, commands, local);
        return objects;
      },
    });
    this.#checks = results;
    this.#commits = await countCommits(objects);
    if (ok) this.#approved = commands;
    return { ok, text };
  }

  async forward(request: ForwardRequest): Promise<GateReply> {
    const wasJudged = ({ ref, old, new: id }: RefCommand) =>
      this.#approved.some((one) => one.ref === ref && one.old === old && one.new === id);
    if (!request.commands.every(wasJudged) || this.#forwarding !== undefined || this.#gone.signal.aborted) {
      return { ok: false, text: 'git gate: this push was not judged' };
    }
    this.#onForward();
    const forwarding = forward(this.#repository.mirror, this.#repository.upstream, request);
    this.#forwarding = forwarding.catch(() => {});
    const { refs, text } = await forwarding;
    this.#upstream = refs;
    return { ok: true, text, refs };
  }

  /** Lets the next one have the repository, once nothing goes upstream any more. */
  async end(): Promise<PushAccount> {
    this.#gone.abort();
    await this.#forwarding;
    this.#release?.();
    const scan = await this.#judging.secrets.scan();
    return {
      repo: this.#repository.repo.name,
      commands: this.#commands.map((command) => ({ ...command, ref: safeName(command.ref, scan) })),
      checks: this.#checks,
      commits: this.#commits,
      upstream: this.#upstream,
      ms: Math.round(performance.now() - this.#start),
    };
  }
}

async function countCommits(objects: ReturnType<typeof newObjects> | undefined): Promise<number | null> {
  const listed = await objects?.catch(() => undefined);
  return listed?.filter(({ type }) => type === 'commit').length ?? null;
}

/** The variables that let git see new objects beside those of the mirror. */
function quarantined(mirror: string, quarantine: string | null): Record<string, string> {
  if (quarantine === null) return {};
  const store = join(mirror, 'objects');
  return { GIT_OBJECT_DIRECTORY: join(store, quarantine), GIT_ALTERNATE_OBJECT_DIRECTORIES: store };
}
