import type { ScanOptions } from '../../../lib/daemons/detection/scan-text.ts';
import { characters, DIGITS, LETTERS } from '../disguises.ts';
import type { Random } from '../random.ts';
import { scanOptionsFor } from './scan-options.ts';

interface SomeSecret {
  readonly secret: string;
  /** Type of the finding. */
  readonly type: string;
  readonly options: ScanOptions;
}

/** Makes an AWS key, found by its format, or a known secret of any characters that a token slot may hold. */
export function someSecret(random: Random): SomeSecret {
  if (random.below(3) === 0) {
    const secret = `AKIA${characters(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`;
    return { secret, type: 'aws-access-key', options: scanOptionsFor([]) };
  }
  const marks = random.pick(['', '', '-_', '-_+/=.~!@#$%^&*():;"\'<>\\|?{}[]`,']);
  const secret = characters(random, `${LETTERS}${DIGITS}${marks}`, 10 + random.below(60));
  return { secret, type: 'known-secret', options: scanOptionsFor([secret]) };
}
