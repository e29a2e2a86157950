import type { RefCommand } from '../../contract/git-gate/control.ts';
import type { GateLimits, GateRepo } from '../../contract/git-gate/repos.ts';
import type { Finding, ScanOptions } from '../../detection/index.ts';
import type { MemoryBudget } from '../../shared/memory-budget.ts';
import type { LocalGit, Mirror } from '../mirror.ts';
import type { NewObjects } from './new-objects.ts';

/** What a person lets pass. */
export interface Exceptions {
  idOf(finding: Finding): string;
  allows(finding: Finding): boolean;
}

/** A push that waits for its judgement. */
export interface Pending {
  readonly repo: GateRepo;
  readonly mirror: Mirror;
  readonly limits: GateLimits;
  readonly commands: readonly RefCommand[];
  readonly options: readonly string[];
  /** Lets git see the new objects, which are in quarantine. */
  readonly local: LocalGit;
  /** What upstream does not have; found when it is first asked for. */
  objects(): Promise<NewObjects>;
  readonly scan: ScanOptions;
  readonly exceptions: Exceptions;
  readonly memory: MemoryBudget;
  /** Whether the agent can ask a person to let a finding pass. */
  readonly supervised: boolean;
}

/** One thing that is looked at in a push. */
export interface Check {
  readonly name: string;
  /** What is wrong, each in a sentence for the agent without any secret; nothing when all is well. */
  run(pending: Pending): Promise<string[]>;
}

/** One line of the audit. */
export interface CheckResult {
  readonly check: string;
  readonly faults: readonly string[];
}
