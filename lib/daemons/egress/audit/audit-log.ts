import type { AuditGap } from '../../contract/audit-files.ts';
import { AUDIT_LIMITS, type AuditEntry, type AuditLevel, WITHHELD } from '../../contract/egress/audit.ts';
import { canonicalTarget } from '../../contract/egress/canonical-path.ts';
import { asciiJson } from '../../shared/ascii-json.ts';
import { Account, type Register, type Subject } from './account.ts';
import { cut, harmlessHeaders } from './harmless-headers.ts';
import type { Outcome } from './outcome.ts';
import type { Withholder } from './withhold.ts';

export interface AuditLogOptions {
  /** `null` where egress runs alone. */
  readonly bottle: string | null;
  /** Generation of the policy in force. */
  readonly generation: () => number;
  /** The level in force now. */
  readonly level: () => AuditLevel;
  readonly withholder: Withholder;
  /** Takes one line, without its line break. */
  readonly write: (line: string) => void;
  /** Called for every request that did not get a complete response, logged or not. */
  readonly learn?: (entry: AuditEntry) => void;
}

/**
 * Logs the outcome of each exchange, as far as the level asks for it. Refusals are always logged, and what a person was
 * asked about.
 */
export class AuditLog implements Register {
  readonly #options: AuditLogOptions;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Must be called when an exchange begins. */
  open(subject: Subject): Account {
    return new Account(subject, this.#options.generation(), this);
  }

  /** @internal For accounts. */
  wants(verdict: Outcome['verdict'], isHeld: boolean): boolean {
    return verdict !== 'allow' || this.#isWritten(verdict, isHeld);
  }

  /** @internal For accounts. */
  record(outcome: Outcome): void {
    const entry = this.#entryOf(outcome);
    if (this.#isWritten(outcome.verdict, outcome.held !== undefined)) this.#options.write(lineOf(entry));
    if (outcome.verdict !== 'allow') this.#options.learn?.(entry);
  }

  #isWritten(verdict: Outcome['verdict'], isHeld: boolean): boolean {
    return isHeld || this.#options.level() >= LEAST_LEVEL[verdict];
  }

  #entryOf(outcome: Outcome): AuditEntry {
    const { bottle, level, withholder } = this.#options;
    const { verdict, reason, rule, protocol, scheme, method, host, port, status, sent, received } = outcome;
    // Keys in the order in which people look for them.
    return {
      time: new Date().toISOString(),
      bottle,
      verdict,
      reason,
      rule,
      protocol,
      scheme,
      method: cut(withholder.text(method), AUDIT_LIMITS.method),
      host: host === null ? null : cut(withholder.host(host), AUDIT_LIMITS.host),
      port,
      path: this.#pathOf(outcome),
      status,
      sent,
      received,
      ms: Math.round(outcome.ms),
      ...(outcome.secrets.length === 0 ? {} : { secrets: [...outcome.secrets] }),
      ...(outcome.held === undefined ? {} : { held: outcome.held }),
      generation: outcome.generation,
      ...(level() < 2 ? {} : { headers: this.#headersOf(outcome) }),
    };
  }

  #pathOf({ target, secrets }: Outcome): string | null {
    if (target === null) return null;
    const local = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
    // The query is scanned too: only the path is shown, but a secret may span both.
    if (secrets.length > 0 || this.#options.withholder.text(local) !== local) return WITHHELD;
    const path = local.replace(/[?#].*$/s, '') || '/';
    const canonical = canonicalTarget(path);
    return cut('fault' in canonical ? path : canonical.path, AUDIT_LIMITS.path);
  }

  #headersOf({ requestHeaders, responseHeaders }: Outcome): AuditEntry['headers'] {
    const { withholder } = this.#options;
    const response = Object.entries(responseHeaders).flatMap(([name, value]) => [name, String(value)]);
    return {
      request: harmlessHeaders(requestHeaders, withholder),
      response: harmlessHeaders(response, withholder),
    };
  }
}

/** The lowest level at which each verdict is logged. */
const LEAST_LEVEL: Readonly<Record<AuditEntry['verdict'], AuditLevel>> = { deny: 0, fail: 1, allow: 2 };

/** One line of the audit's files. */
export function lineOf(entry: AuditEntry | AuditGap): string {
  return asciiJson(entry);
}
