import { createHmac, randomBytes } from 'node:crypto';
import type { Finding } from '../../detection/index.ts';

/** What a person is asked to approve. Contains types of secrets, never a secret. */
export interface ApprovalRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly types: readonly string[];
}

/** Asks the operator. */
export interface Approver {
  /** Resolves with the person's decision. Should stop asking when `signal` aborts. */
  ask(question: ApprovalRequest, signal: AbortSignal): Promise<'allow' | 'deny'>;
}

export type ApprovalOutcome = 'allow' | 'deny' | 'timeout' | 'absent';

/** Milliseconds that a person has to decide. */
export const APPROVAL_MS = 300_000;

/**
 * Holds requests for approval. Remembers, for the life of the daemon, which values may be sent to which host.
 */
export class Approvals {
  readonly #approver: Approver | undefined;
  readonly #timeoutMs: number;
  readonly #key = randomBytes(32);
  readonly #approved = new Set<string>();

  constructor(approver: Approver | undefined, timeoutMs = APPROVAL_MS) {
    this.#approver = approver;
    this.#timeoutMs = timeoutMs;
  }

  /** Never throws: an error counts as `deny`. */
  async request(question: ApprovalRequest, findings: readonly Finding[]): Promise<ApprovalOutcome> {
    const marks = findings.map(({ value }) => this.#markOf(question.host, value));
    if (marks.every((mark) => this.#approved.has(mark))) return 'allow';
    if (this.#approver === undefined) return 'absent';
    const { promise: late, resolve } = Promise.withResolvers<'timeout'>();
    const signal = AbortSignal.timeout(this.#timeoutMs);
    signal.addEventListener('abort', () => resolve('timeout'));
    try {
      const decision = await Promise.race([this.#approver.ask(question, signal), late]);
      if (decision === 'allow') for (const mark of marks) this.#approved.add(mark);
      return decision === 'allow' || decision === 'timeout' ? decision : 'deny';
    } catch {
      return 'deny';
    }
  }

  #markOf(host: string, value: string): string {
    return createHmac('sha256', this.#key).update(`${host} ${value}`).digest('base64');
  }
}
