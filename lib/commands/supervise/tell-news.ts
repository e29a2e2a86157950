import type { Proposal } from '../../daemons/contract/supervise/proposal.ts';
import type { PendingOfBottle } from '../../supervise/queues.ts';
import type { Notifier } from './notifier.ts';

/** Milliseconds between two notifications. What comes meanwhile is told together. */
const PAUSE_MS = 10_000;

/** Tells of each proposal once, and seldom enough that no agent can flood the person. */
export class NewsTeller {
  readonly #notifier: Notifier;
  readonly #pauseMs: number;
  /** What was there already, or was told. */
  #known: Set<string> | undefined;
  #untold: Proposal[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(notifier: Notifier, pauseMs = PAUSE_MS) {
    this.#notifier = notifier;
    this.#pauseMs = pauseMs;
  }

  /** Takes up what is pending now. What was pending at the first call is on the screen, and is no news. */
  look(bottles: readonly PendingOfBottle[]): void {
    const pending = bottles.flatMap((bottle) => bottle.pending);
    const places = new Set(pending.map(placeOf));
    const known = this.#known ?? places;
    // What was decided meanwhile needs nobody any more.
    this.#untold = this.#untold.filter((proposal) => places.has(placeOf(proposal)));
    this.#untold.push(...pending.filter((proposal) => !known.has(placeOf(proposal))));
    this.#known = places;
    if (this.#timer === undefined) this.#tell();
  }

  /** Tells nothing more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const proposal = this.#untold.at(-1);
    if (proposal === undefined) return;
    const others = this.#untold.length - 1;
    this.#untold = [];
    this.#timer = setTimeout(() => this.#tell(), this.#pauseMs);
    void this.#notifier({ proposal, others });
  }
}

const placeOf = ({ bottle, id }: Proposal): string => `${bottle} ${id}`;
