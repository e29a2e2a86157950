import { execa } from 'execa';
import { SMOLVM } from './smolvm.ts';

/** The version that the program under test reports. Expectations follow from it, not from the file name. */
export const VERSION = (await execa(SMOLVM, ['--version'])).stdout.replace(/^smolvm /, '').trim();

/** Whether the program under test has this version or a newer one. */
export function atLeast(wanted: string): boolean {
  const [own, other] = [VERSION, wanted].map((text) => text.split('.').map(Number));
  const differing = own?.findIndex((part, index) => part !== other?.[index]) ?? -1;
  return differing === -1 || (own?.[differing] ?? 0) > (other?.[differing] ?? 0);
}
