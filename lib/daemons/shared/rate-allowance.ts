export interface Rate {
  /** How many may be taken at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket. */
export class RateAllowance {
  readonly #rate: Rate;
  #left: number;
  #at: number;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#at = performance.now();
  }

  /** Takes one; returns `false` if none is left. */
  take(): boolean {
    const now = performance.now();
    this.#left = Math.min(this.#rate.burst, this.#left + ((now - this.#at) / 1000) * this.#rate.perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
