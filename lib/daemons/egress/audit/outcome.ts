import type { AuditEntry, Held } from '../../contract/egress/audit.ts';
import type { HeaderLines } from '../http/headers.ts';
import type { Reason } from '../http/reasons.ts';

/** What is known about an exchange when it is over. */
export interface Outcome
  extends Pick<
    AuditEntry,
    | 'verdict'
    | 'rule'
    | 'protocol'
    | 'scheme'
    | 'method'
    | 'host'
    | 'port'
    | 'status'
    | 'sent'
    | 'received'
    | 'generation'
  > {
  readonly reason: Reason | null;
  /** Request target as sent; `null` for CONNECT. */
  readonly target: string | null;
  /** Milliseconds. */
  readonly ms: number;
  /** Types of secrets that were found in it. If there are any, its path is withheld. */
  readonly secrets: readonly string[];
  /** What became of the question whether they may leave, if a person was asked. */
  readonly held: Held | undefined;
  /** Name, value, name, value, ... */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: HeaderLines;
}
