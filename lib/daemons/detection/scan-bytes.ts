import { plainText, runsText } from './decode/readable-text.ts';
import { type Finding, type ScanOptions, scanText, TYPE_KNOWN } from './scan-text.ts';

/**
 * Every secret in what can be read of the bytes. Of known ones also the letters that stand between bytes that are no text,
 * however few of them at a time: such bytes separate, as blanks and dots do.
 */
export function scanBytes(bytes: Buffer, options: ScanOptions): Finding[] {
  const plain = plainText(bytes);
  if (plain !== undefined) return scanText(plain, options);
  const { detectors, findKnown, exhaustive = false } = options;
  const findings = scanText(runsText(bytes), options);
  if (!detectors.has('known_secrets') || (findings.length > 0 && !exhaustive)) return findings;
  const all = { text: bytes.toString('latin1'), bytes, length: bytes.length };
  for (const { value } of findKnown(all, exhaustive)) {
    if (findings.some((known) => known.value === value)) continue;
    findings.push({ type: TYPE_KNOWN, value, inPlainSight: false });
  }
  return findings;
}
