/** Bytes of bodies that are held at one time, of all requests and answers together. */
export const MAX_HELD_TOTAL = 160 * 1024 * 1024;

/** There is no room for more at this time. */
export class MemoryExhausted extends Error {
  constructor() {
    super('too many other bodies are held at this time');
  }
}

/** One body's share of the memory for held bodies. */
export interface MemoryShare {
  /** Whether so many more bytes may be held; counts them if so. Never after `release`. */
  take(bytes: number): boolean;
  /** Gives all of it back; may be called again. */
  release(): void;
}

/** Bounds what held bodies take together: a thousand stalled uploads would else be gigabytes. */
export class MemoryBudget {
  #left = MAX_HELD_TOTAL;

  open(): MemoryShare {
    let taken = 0;
    let isReleased = false;
    return {
      take: (bytes) => {
        if (isReleased || bytes > this.#left) return false;
        this.#left -= bytes;
        taken += bytes;
        return true;
      },
      release: () => {
        this.#left += taken;
        taken = 0;
        isReleased = true;
      },
    };
  }
}
