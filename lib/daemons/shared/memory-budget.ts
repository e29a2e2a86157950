/** Bytes of bodies held at once, over all requests and responses. */
export const MAX_HELD_TOTAL = 160 * 1024 * 1024;

/** The budget for held bodies is used up. */
export class MemoryExhausted extends Error {
  constructor() {
    super('too many other bodies are held at this time');
  }
}

/** One body's share of the memory for held bodies. */
export interface MemoryShare {
  /** Reserves the bytes and returns whether there was room for them. Always `false` after `release`. */
  take(bytes: number): boolean;
  /** Returns the whole share to the budget. Idempotent. */
  release(): void;
}

/** Bounds the total memory of held bodies. Otherwise a thousand stalled uploads would take gigabytes. */
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
