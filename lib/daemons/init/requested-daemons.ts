import { DAEMON_NAMES, type DaemonName } from '../contract/daemons.ts';
import { DAEMONS_ENV } from '../contract/names.ts';

/**
 * The daemons that a CSV names, in the contract's start order whatever order the CSV has.
 * @throws Error naming the unknown word.
 */
export function requestedDaemons(csv: string | undefined): DaemonName[] {
  const words = (csv ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const known: readonly string[] = DAEMON_NAMES;
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    throw new Error(
      `${DAEMONS_ENV} names the unknown daemon "${unknown}"; known: ${DAEMON_NAMES.join(', ')}`,
    );
  }
  return DAEMON_NAMES.filter((name) => words.includes(name));
}
