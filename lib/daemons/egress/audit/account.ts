import type { AuditEntry, Held } from '../../contract/egress/audit.ts';
import type { HeaderLines } from '../http/headers.ts';
import type { Reason } from '../http/reasons.ts';
import type { Outcome } from './outcome.ts';

/** A request, as far as it is known before any decision. */
export interface Subject extends Pick<AuditEntry, 'protocol' | 'scheme' | 'method' | 'host' | 'port'> {
  /** Request target as sent; `null` for CONNECT. */
  readonly target: string | null;
  /** Name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
}

/** A refusal by policy, as far as it is logged. */
export interface Refusal {
  /** Host of the route that refused it; `null` when no route was found. */
  readonly rule: string | null;
  /** HTTP status that the agent gets. */
  readonly status: number;
  readonly code: Reason;
}

/** Receives accounts. */
export interface Register {
  /** Whether an account with this verdict is logged at all. `isHeld`: whether a person was asked about it. */
  wants(verdict: Outcome['verdict'], isHeld: boolean): boolean;
  record(outcome: Outcome): void;
}

/** Status of a request that the agent canceled before it got a response; nginx uses the same. */
const CLIENT_GONE = 499;

/** Reasons for which policy ends an exchange that it had admitted. */
const BY_POLICY: ReadonlySet<Reason> = new Set<Reason>([
  'secret-found',
  'body-unscannable',
  'injection-found',
  'message-unscannable',
  'route-revoked',
]);

/** Account of one exchange: collects its outcome as it happens, and logs it once, when it is over. */
export class Account {
  readonly #subject: Subject;
  readonly #generation: number;
  #register: Register | undefined;
  readonly #startedAt = performance.now();
  /** When a local response was sent; the agent may keep the exchange open afterwards. */
  #respondedAt: number | undefined;
  #verdict: Outcome['verdict'] = 'fail';
  /** Whether later events no longer change the outcome. */
  #isSettled = false;
  #reason: Reason | null = 'client-gone';
  #status = CLIENT_GONE;
  #rule: string | null = null;
  #secrets: readonly string[] = [];
  #held: Held | undefined;
  #responseHeaders: HeaderLines = {};
  #sent = 0;
  #received = 0;

  constructor(subject: Subject, generation: number, register: Register) {
    this.#subject = subject;
    this.#generation = generation;
    this.#register = register;
  }

  /** A route admits it; `rule` is the route's host. */
  admit(rule: string): void {
    this.#rule = rule;
  }

  /** Policy refuses it, before or after its content was scanned. */
  refuse({ rule, status, code }: Refusal): void {
    this.#isSettled = true;
    this.#verdict = 'deny';
    this.#rule = rule;
    this.#status = status;
    this.#reason = code;
  }

  /** Sets the types of secrets that were found in it. */
  found(types: readonly string[]): void {
    this.#secrets = types;
  }

  /** A person was asked about what was found in it, now or before. */
  held(record: Held): void {
    this.#held = record;
  }

  /** The agent gets the upstream's response, or a local one if `code` is given. */
  respond(status: number, { code, headers = {} }: { code?: Reason; headers?: HeaderLines } = {}): void {
    this.#responseHeaders = headers;
    if (code !== undefined) this.#respondedAt = performance.now();
    if (this.#isSettled) return;
    this.#isSettled = code !== undefined;
    this.#verdict = code === undefined ? 'allow' : verdictOf(code);
    this.#status = status;
    this.#reason = code ?? null;
  }

  /** It ended before its response was complete. The first reason is the cause of any later one. */
  breakOff(reason: Reason): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#verdict = verdictOf(reason);
    this.#reason = reason;
  }

  /** Counts body bytes that the agent sent or received. */
  count(direction: 'sent' | 'received', bytes: number): void {
    if (direction === 'sent') this.#sent += bytes;
    else this.#received += bytes;
  }

  /** Logs it, the first time. */
  close(): void {
    const register = this.#register;
    this.#register = undefined;
    if (register?.wants(this.#verdict, this.#held !== undefined) !== true) return;
    const { rawHeaders, ...subject } = this.#subject;
    register.record({
      ...subject,
      verdict: this.#verdict,
      reason: this.#reason,
      rule: this.#rule,
      status: this.#status,
      sent: this.#sent,
      received: this.#received,
      ms: (this.#respondedAt ?? performance.now()) - this.#startedAt,
      secrets: this.#secrets,
      held: this.#held,
      generation: this.#generation,
      requestHeaders: rawHeaders,
      responseHeaders: this.#responseHeaders,
    });
  }
}

const verdictOf = (code: Reason) => (BY_POLICY.has(code) ? 'deny' : 'fail');
