import type { Held } from '../../contract/egress/audit.ts';
import type { AllowedValues } from '../../contract/egress/routes.ts';
import { MAX_VALUES } from '../../contract/egress/value-mark.ts';
import type { HeldAnswer } from '../../contract/supervise/held.ts';
import { HELD_TTL_MS } from '../../contract/supervise/limits.ts';
import type { TokenAllowRequest } from '../../contract/supervise/request.ts';
import type { Finding } from '../../detection/index.ts';
import type { ValueMarks } from './value-marks.ts';

/** Asks the person. */
export interface Approver {
  /**
   * Resolves with the answer; never before an approval is in force. Calls `proposed` with the id of the proposal.
   * @throws Error when nobody answers, or when `signal` aborts.
   */
  ask(question: TokenAllowRequest, signal: AbortSignal, proposed: (id: string) => void): Promise<HeldAnswer>;
}

/** Whether a person can be asked, and if not, why. */
export type Attendance = 'attended' | 'unattended' | 'absent';

/** Why nobody has answered. */
type Unanswered = 'absent' | 'unattended' | 'too-many' | 'full' | 'gone' | 'unreachable' | 'not-in-force';

/** An answer that lets nothing out. */
export type Refusing = Exclude<HeldAnswer, { state: 'approved' }> | { readonly state: Unanswered };

export type ApprovalOutcome = { readonly allow: true } | { readonly allow: false; readonly answer: Refusing };

/** The exchange whose request waits. */
export interface Asker {
  /** Returns what aborts when the agent no longer waits. */
  gone(): AbortSignal;
  /** Takes what is written down about it. */
  held(record: Held): void;
}

/** The request that waits. */
export interface Waiting extends Asker {
  /** Bytes that it keeps in memory meanwhile. */
  readonly bytes: number;
  /** Tells the person about it, without the values. Called only if one is asked. */
  describe(): Pick<TokenAllowRequest, 'method' | 'path' | 'places'>;
}

export interface ApprovalsOptions {
  readonly marks: ValueMarks;
  /** What persons let out, by the policy in force. */
  readonly allowed: () => readonly AllowedValues[];
  readonly attendance: () => Attendance;
  /** Absent: nobody can be asked. */
  readonly approver?: Approver | undefined;
  readonly bounds?: { readonly requests: number; readonly bytes: number };
  /** Milliseconds for an answer, after which whoever is asked counts as dead. */
  readonly patienceMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Requests that wait for a person at once, and bytes of theirs in memory. Further ones are refused. */
export const HELD_BOUNDS = { requests: 16, bytes: 32 * 1024 * 1024 } as const;

const MAX_METHOD = 32;

/** More than the person has, who is waited for elsewhere. */
const PATIENCE_MS = HELD_TTL_MS + 15_000;

/** Holds requests for approval. What was approved is not remembered here: it is in the policy, and ends with it. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  #requests = 0;
  #bytes = 0;

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Asks whether what was found may go to `host`, unless that was approved before. Never throws. */
  async request(host: string, findings: readonly Finding[], waiting: Waiting): Promise<ApprovalOutcome> {
    const values = this.#valuesOf(findings);
    const before = this.#approvalOf(host, values);
    if (before !== undefined) {
      waiting.held({ outcome: 'approved', proposal: before, ms: 0 });
      return { allow: true };
    }
    const { approver, attendance } = this.#options;
    const present = approver === undefined ? 'absent' : attendance();
    if (approver === undefined || present === 'absent') return refuse('absent');
    if (present === 'unattended') return refuse('unattended');
    if (values.length > MAX_VALUES) return refuse('too-many');
    const bounds = this.#options.bounds ?? HELD_BOUNDS;
    if (this.#requests >= bounds.requests || this.#bytes + waiting.bytes > bounds.bytes) {
      waiting.held({ outcome: 'full', proposal: null, ms: 0 });
      return refuse('full');
    }
    this.#requests += 1;
    this.#bytes += waiting.bytes;
    try {
      const { method, ...where } = waiting.describe();
      const about = {
        kind: 'egress-token-allow',
        host,
        values,
        method: method.slice(0, MAX_METHOD),
      } as const;
      return await this.#ask(approver, { ...about, ...where }, waiting);
    } finally {
      this.#requests -= 1;
      this.#bytes -= waiting.bytes;
    }
  }

  async #ask(approver: Approver, question: TokenAllowRequest, waiting: Waiting): Promise<ApprovalOutcome> {
    const start = performance.now();
    const gone = waiting.gone();
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), this.#options.patienceMs ?? PATIENCE_MS);
    let proposal: string | null = null;
    const record = (outcome: Held['outcome']) =>
      waiting.held({ outcome, proposal, ms: Math.round(performance.now() - start) });
    const giveUp = () => {
      // At once: what is written down about a request is written when the agent has gone.
      record('gone');
      end.abort();
    };
    gone.addEventListener('abort', giveUp);
    if (gone.aborted) giveUp();
    try {
      const answer = await approver.ask(question, end.signal, (id) => {
        proposal = id;
      });
      if ('id' in answer) proposal = answer.id;
      // Whoever answers, only the host can put an approval in force.
      const isInForce = this.#approvalOf(question.host, question.values) !== undefined;
      if (answer.state === 'approved') {
        record(isInForce ? 'approved' : 'failed');
        return isInForce ? { allow: true } : refuse('not-in-force');
      }
      if (answer.state !== 'unattended') record(answer.state);
      return { allow: false, answer };
    } catch {
      if (gone.aborted) return refuse('gone');
      record('unreachable');
      return refuse('unreachable');
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', giveUp);
    }
  }

  /** The proposal by which these values may go to the host, the last of them where there are several. */
  #approvalOf(host: string, values: TokenAllowRequest['values']): string | undefined {
    const now = (this.#options.now ?? Date.now)();
    const good = this.#options
      .allowed()
      .filter(({ host: to, expires_at: end }) => to === host && (end === undefined || now < Date.parse(end)));
    let grant: string | undefined;
    for (const { mark } of values) {
      grant = good.find(({ marks }) => marks.includes(mark))?.grant;
      if (grant === undefined) return undefined;
    }
    return grant;
  }

  /** Each value once. */
  #valuesOf(findings: readonly Finding[]): TokenAllowRequest['values'] {
    const kinds = new Map<string, string>();
    for (const { type, value } of findings) {
      const mark = this.#options.marks.of(value);
      if (!kinds.has(mark)) kinds.set(mark, type);
    }
    return [...kinds].map(([mark, kind]) => ({ kind, mark }));
  }
}

const refuse = (state: Unanswered): ApprovalOutcome => ({ allow: false, answer: { state } });
