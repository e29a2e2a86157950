/** Bytes of bodies that are held at one time, of all requests together. */
export const MAX_HELD_TOTAL = 160 * 1024 * 1024;

/** One request's share of the memory for held bodies. */
export interface HeldPlace {
  /** Whether so many more bytes may be held; counts them if so. */
  take(bytes: number): boolean;
  /** Gives all of it back; may be called again. */
  release(): void;
}

/** Bounds what held bodies take together: a thousand stalled uploads would else be gigabytes. */
export class HeldBudget {
  #left = MAX_HELD_TOTAL;

  open(): HeldPlace {
    let taken = 0;
    return {
      take: (bytes) => {
        if (bytes > this.#left) return false;
        this.#left -= bytes;
        taken += bytes;
        return true;
      },
      release: () => {
        this.#left += taken;
        taken = 0;
      },
    };
  }
}
