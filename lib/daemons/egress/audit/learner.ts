import { AUDIT_LIMITS, type AuditEntry, WITHHELD } from '../../contract/egress/audit.ts';
import { type Denial, LEARNABLE, type LearnedFile } from '../../contract/egress/learned.ts';

/** Kinds of denials that are kept, in all and of one host, so that a flood of names or paths leaves room for others. */
const MAX_KINDS = 1000;
const MAX_KINDS_OF_HOST = 100;

/** Gathers what was denied, each kind once and counted. What it holds is bounded, whatever is asked. */
export class Learner {
  readonly #kinds = new Map<string, Denial>();
  readonly #kindsOfHost = new Map<string, number>();
  readonly #unlearnable: Record<string, number> = {};
  #beyond = 0;
  #withheld = 0;

  /** `before`: what was learned up to the last restart. */
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

  /** Takes notice of an entry of the audit. @returns whether there is something new to be kept. */
  note(entry: AuditEntry): boolean {
    const { reason, time } = entry;
    if (reason === null || (entry.verdict !== 'deny' && reason !== 'address-refused')) return false;
    const seen = denialOf(entry);
    if (seen === undefined) {
      this.#unlearnable[reason] = (this.#unlearnable[reason] ?? 0) + 1;
      return true;
    }
    if (seen.host.includes(WITHHELD) || seen.path === WITHHELD) {
      this.#withheld += 1;
      return true;
    }
    const key = keyOf(seen);
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.last = time;
    } else if (this.#hasRoom(seen)) {
      this.#keep(key, seen);
    } else {
      this.#beyond += 1;
    }
    return true;
  }

  #hasRoom({ host, path }: Denial): boolean {
    // A path that was cut is no path that was asked for.
    if ((path?.length ?? 0) > AUDIT_LIMITS.path) return false;
    return this.#kinds.size < MAX_KINDS && (this.#kindsOfHost.get(host) ?? 0) < MAX_KINDS_OF_HOST;
  }

  #keep(key: string, denial: Denial): void {
    this.#kinds.set(key, denial);
    this.#kindsOfHost.set(denial.host, (this.#kindsOfHost.get(denial.host) ?? 0) + 1);
  }
}

/** `undefined` where no route could admit it. */
function denialOf(entry: AuditEntry): Denial | undefined {
  const { scheme, host, port, method, path, rule, time } = entry;
  const reason = LEARNABLE.find((known) => known === entry.reason);
  if (reason === undefined || host === null || port === null) return undefined;
  return { reason, scheme, host, port, method, path, rule, count: 1, first: time, last: time };
}

function keyOf({ reason, scheme, host, port, method, path }: Denial): string {
  return [reason, scheme, host, port, method, path].join(' ');
}
