import type { KeyName } from './keys.ts';

/** Lines that Page Up and Page Down move by. */
const PAGE = 10;

/** Where a key that moves leads to, from a place among `length`; any other key leads nowhere. */
export function moved(key: KeyName, index: number, length: number): number {
  const steps: Readonly<Record<string, number>> = {
    ...{ up: -1, k: -1, down: 1, j: 1, 'page-up': -PAGE, 'page-down': PAGE, ' ': PAGE },
    ...{ home: -length, g: -length, end: length, G: length },
  };
  return Math.max(0, Math.min(length - 1, index + (steps[key] ?? 0)));
}
