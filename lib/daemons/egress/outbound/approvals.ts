import { createHmac, randomBytes } from 'node:crypto';
import type { Finding } from '../../detection/scan-text.ts';

/** What a person is asked. Holds kinds of secrets, never one. */
export interface Question {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly types: readonly string[];
}

/** Whoever answers for the operator. */
export interface Supervisor {
  /** Resolves when a person answered; should stop asking when `signal` aborts. */
  ask(question: Question, signal: AbortSignal): Promise<'allow' | 'deny'>;
}

export type Answered = 'allow' | 'deny' | 'timeout' | 'absent';

/** Milliseconds that a person has; the same as in the original. */
export const ANSWER_MS = 300_000;

/** Holds requests for a person, and remembers for the life of the daemon which values were let out to which host. */
export class Supervision {
  readonly #supervisor: Supervisor | undefined;
  readonly #answerMs: number;
  readonly #key = randomBytes(32);
  readonly #approved = new Set<string>();

  constructor(supervisor: Supervisor | undefined, answerMs = ANSWER_MS) {
    this.#supervisor = supervisor;
    this.#answerMs = answerMs;
  }

  /** Never throws: what is no answer is `deny`. */
  async answer(question: Question, findings: readonly Finding[]): Promise<Answered> {
    const marks = findings.map(({ value }) => this.#markOf(question.host, value));
    if (marks.every((mark) => this.#approved.has(mark))) return 'allow';
    if (this.#supervisor === undefined) return 'absent';
    const { promise: late, resolve } = Promise.withResolvers<'timeout'>();
    const signal = AbortSignal.timeout(this.#answerMs);
    signal.addEventListener('abort', () => resolve('timeout'));
    try {
      const answer = await Promise.race([this.#supervisor.ask(question, signal), late]);
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
