import { WITHHELD } from '../../contract/egress/audit.ts';
import { type ScanOptions, scanText } from '../../detection/index.ts';

/** The name of a file or a ref as it may be told: not at all if it holds what looks like a secret. */
export function safeName(name: string, scan: ScanOptions): string {
  return scanText(name, scan).length > 0 ? WITHHELD : name;
}
