import { AUDIT_LIMITS, type AuditEntry, WITHHELD } from '../../contract/egress/audit.ts';
import { type Denial, LEARNABLE, type LearnedFile } from '../../contract/egress/learned.ts';

/** Distinct denials kept, in all and per host, so that a flood of names or paths leaves room for others. */
const MAX_KINDS = 1000;
const MAX_KINDS_OF_HOST = 100;

/** Collects distinct denials and counts them. Its size is bounded, whatever is requested. */
export class Learner {
  readonly #kinds = new Map<string, Denial>();
  readonly #kindsOfHost = new Map<string, number>();
  readonly #unlearnable: Record<string, number> = {};
  #beyond = 0;
  #withheld = 0;

  /** `before`: what was learned before the last restart. */
  constructor(before?: LearnedFile) {
    if (before === undefined) return;
    for (const denial of before.denials) this.#keep(keyOf(denial), denial);
    Object.assign(this.#unlearnable, before.unlearnable);
    this.#beyond = before.beyond;
    this.#withheld = before.withheld;
  }

  get learned(): LearnedFile {
    return {
      version: 1,
      denials: [...this.#kinds.values()],
      beyond: this.#beyond,
      withheld: this.#withheld,
      unlearnable: { ...this.#unlearnable },
    };
  }

  /** Records an audit entry. @returns whether anything has changed. */
  note(entry: AuditEntry): boolean {
    const { reason, time } = entry;
    if (reason === null || (entry.verdict !== 'deny' && reason !== 'address-refused')) return false;
    const denial = denialOf(entry);
    if (denial === undefined) {
      this.#unlearnable[reason] = (this.#unlearnable[reason] ?? 0) + 1;
      return true;
    }
    if (denial.host.includes(WITHHELD) || denial.path === WITHHELD) {
      this.#withheld += 1;
      return true;
    }
    const key = keyOf(denial);
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.last = time;
    } else if (this.#hasRoom(denial)) {
      this.#keep(key, denial);
    } else {
      this.#beyond += 1;
    }
    return true;
  }

  #hasRoom({ host, path }: Denial): boolean {
    // A shortened path is not the path that was requested.
    if ((path?.length ?? 0) > AUDIT_LIMITS.path) return false;
    return this.#kinds.size < MAX_KINDS && (this.#kindsOfHost.get(host) ?? 0) < MAX_KINDS_OF_HOST;
  }

  #keep(key: string, denial: Denial): void {
    this.#kinds.set(key, denial);
    this.#kindsOfHost.set(denial.host, (this.#kindsOfHost.get(denial.host) ?? 0) + 1);
  }
}

/** `undefined` if no route could admit the request. */
function denialOf(entry: AuditEntry): Denial | undefined {
  const { scheme, host, port, method, path, rule, time } = entry;
  const reason = LEARNABLE.find((known) => known === entry.reason);
  if (reason === undefined || host === null || port === null) return undefined;
  return { reason, scheme, host, port, method, path, rule, count: 1, first: time, last: time };
}

function keyOf({ reason, scheme, host, port, method, path }: Denial): string {
  return [reason, scheme, host, port, method, path].join(' ');
}
