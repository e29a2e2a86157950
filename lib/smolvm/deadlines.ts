import { scaledDeadline } from '../host/deadline-factor.ts';

const MINUTE_MS = 60_000;

/**
 * Milliseconds after which a verb of smolvm counts as hung. Packing and creating read images of gigabytes from slow disks;
 * a start boots a VM and waits for its agent; a stop gives the guest ten seconds.
 */
const DEADLINES_MS: Readonly<Record<string, number>> = {
  'machine create': 15 * MINUTE_MS,
  'machine start': 5 * MINUTE_MS,
  'machine stop': MINUTE_MS,
  'machine delete': 2 * MINUTE_MS,
  'machine ls': MINUTE_MS,
  'machine data-dir': MINUTE_MS,
  'machine cp': 15 * MINUTE_MS,
  'pack create': 60 * MINUTE_MS,
};

/** Returns how long a verb, such as `machine ls`, may take; undefined for commands in the guest, which callers limit. */
export function smolvmDeadline(verb: string): number | undefined {
  const deadline = DEADLINES_MS[verb];
  return deadline === undefined ? undefined : scaledDeadline(deadline);
}
