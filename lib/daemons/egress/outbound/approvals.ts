import { createHmac, randomBytes } from 'node:crypto';
import type { Finding } from '../../detection/index.ts';

/** What a person is asked. Holds kinds of secrets, never one. */
export interface ApprovalRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly types: readonly string[];
}

/** Whoever answers for the operator. */
export interface Approver {
  /** Resolves when a person answered; should stop asking when `signal` aborts. */
  ask(question: ApprovalRequest, signal: AbortSignal): Promise<'allow' | 'deny'>;
}

export type ApprovalOutcome = 'allow' | 'deny' | 'timeout' | 'absent';

/** Milliseconds that a person has; the same as in the original. */
export const ANSWER_MS = 300_000;

/** Holds requests for a person, and remembers for the life of the daemon which values were let out to which host. */
export class Approvals {
  readonly #approver: Approver | undefined;
  readonly #answerMs: number;
  readonly #key = randomBytes(32);
  readonly #approved = new Set<string>();

  constructor(approver: Approver | undefined, answerMs = ANSWER_MS) {
    this.#approver = approver;
    this.#answerMs = answerMs;
  }

  /** Never throws: what is no answer is `deny`. */
  async request(question: ApprovalRequest, findings: readonly Finding[]): Promise<ApprovalOutcome> {
    const marks = findings.map(({ value }) => this.#markOf(question.host, value));
    if (marks.every((mark) => this.#approved.has(mark))) return 'allow';
    if (this.#approver === undefined) return 'absent';
    const { promise: late, resolve } = Promise.withResolvers<'timeout'>();
    const signal = AbortSignal.timeout(this.#answerMs);
    signal.addEventListener('abort', () => resolve('timeout'));
    try {
      const answer = await Promise.race([this.#approver.ask(question, signal), late]);
      if (answer === 'allow') for (const mark of marks) this.#approved.add(mark);
      return answer === 'allow' || answer === 'timeout' ? answer : 'deny';
    } catch {
      return 'deny';
    }
  }

  #markOf(host: string, value: string): string {
    return createHmac('sha256', this.#key).update(`${host} ${value}`).digest('base64');
  }
}
