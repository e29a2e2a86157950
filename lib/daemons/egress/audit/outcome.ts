import type { AuditEntry } from '../../contract/egress/audit.ts';
import type { HeaderLines } from '../http/headers.ts';
import type { Reason } from '../http/reasons.ts';

/** What is known of an exchange when it is over. */
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
  /** Kinds of secrets that were found in it. Its path is withheld then. */
  readonly secrets: readonly string[];
  /** Name, value, name, value, ... */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: HeaderLines;
}
