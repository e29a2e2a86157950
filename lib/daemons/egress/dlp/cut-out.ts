import { type ScanOptions, scanText } from './scan-text.ts';

/** Times that a text is gone through: cutting out one kind of secret may lay open another. */
const MAX_PASSES = 8;

/** The text with every secret that stands in plain sight replaced. Something may be left: scan the result again. */
export function cutOut(text: string, options: ScanOptions): string {
  let clean = text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const found = scanText(clean, options).filter(({ inPlainSight }) => inPlainSight);
    if (found.length === 0) return clean;
    for (const { value, type } of found) clean = clean.replaceAll(value, `REDACTED-${type}`);
  }
  return clean;
}
