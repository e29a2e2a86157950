import type { AuditEntry } from '../../contract/egress/audit.ts';
import type { HeaderLines } from '../http/headers.ts';
import type { Reason } from '../http/reasons.ts';
import type { Outcome } from './outcome.ts';

/** What is asked, as far as it is known before anything is judged. */
export interface Subject extends Pick<AuditEntry, 'protocol' | 'scheme' | 'method' | 'host' | 'port'> {
  /** Request target as sent; `null` for CONNECT. */
  readonly target: string | null;
  /** Name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
}

/** A refusal by policy, as far as it is written down. */
export interface Refusal {
  /** Host of the route that refused it; `null` when no route was found. */
  readonly rule: string | null;
  /** HTTP status that the agent gets. */
  readonly status: number;
  readonly code: Reason;
}

/** Where accounts go. */
export interface Register {
  /** Whether one that ended so is written down at all. */
  wants(verdict: Outcome['verdict']): boolean;
  record(outcome: Outcome): void;
}

/** Status of a request that the guest gave up before it had an answer; nginx uses the same. */
const CLIENT_GONE = 499;

/** Reasons for which egress ends by policy what it had let out. */
const BY_POLICY: ReadonlySet<Reason> = new Set<Reason>([
  'secret-found',
  'body-unscannable',
  'injection-found',
  'message-unscannable',
  'route-revoked',
]);

/** Account of one exchange: what becomes of it is noted as it happens, and written down once, when it is over. */
export class Account {
  readonly #subject: Subject;
  readonly #generation: number;
  #register: Register | undefined;
  readonly #startedAt = performance.now();
  /** When an answer of egress itself was given; the guest may linger. */
  #answeredAt: number | undefined;
  #verdict: Outcome['verdict'] = 'fail';
  /** Whether what happens further changes nothing about how it ended. */
  #isSettled = false;
  #reason: Reason | null = 'client-gone';
  #status = CLIENT_GONE;
  #rule: string | null = null;
  #secrets: readonly string[] = [];
  #responseHeaders: HeaderLines = {};
  #sent = 0;
  #received = 0;

  constructor(subject: Subject, generation: number, register: Register) {
    this.#subject = subject;
    this.#generation = generation;
    this.#register = register;
  }

  /** A route lets it out; `rule` is the route's host. */
  admit(rule: string): void {
    this.#rule = rule;
  }

  /** Policy refuses it, before or after its content was looked at. */
  refuse({ rule, status, code }: Refusal): void {
    this.#isSettled = true;
    this.#verdict = 'deny';
    this.#rule = rule;
    this.#status = status;
    this.#reason = code;
  }

  /** Kinds of secrets that it held. */
  found(types: readonly string[]): void {
    this.#secrets = types;
  }

  /** The guest is given the answer of the upstream, or one of egress itself, with the code of its reason. */
  answer(status: number, { code, headers = {} }: { code?: Reason; headers?: HeaderLines } = {}): void {
    this.#responseHeaders = headers;
    if (code !== undefined) this.#answeredAt = performance.now();
    if (this.#isSettled) return;
    this.#isSettled = code !== undefined;
    this.#verdict = code === undefined ? 'allow' : verdictOf(code);
    this.#status = status;
    this.#reason = code ?? null;
  }

  /** It ended before its answer did. The first reason is the cause of any other. */
  breakOff(reason: Reason): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#verdict = verdictOf(reason);
    this.#reason = reason;
  }

  /** Bytes of a body that the guest sent, or was sent. */
  count(direction: 'sent' | 'received', bytes: number): void {
    if (direction === 'sent') this.#sent += bytes;
    else this.#received += bytes;
  }

  /** Writes it down, the first time. */
  close(): void {
    const register = this.#register;
    this.#register = undefined;
    if (register?.wants(this.#verdict) !== true) return;
    const { rawHeaders, ...subject } = this.#subject;
    register.record({
      ...subject,
      verdict: this.#verdict,
      reason: this.#reason,
      rule: this.#rule,
      status: this.#status,
      sent: this.#sent,
      received: this.#received,
      ms: (this.#answeredAt ?? performance.now()) - this.#startedAt,
      secrets: this.#secrets,
      generation: this.#generation,
      requestHeaders: rawHeaders,
      responseHeaders: this.#responseHeaders,
    });
  }
}

const verdictOf = (code: Reason) => (BY_POLICY.has(code) ? 'deny' : 'fail');
