import { readableText } from '../../../lib/daemons/detection/decode/readable-text.ts';
import { injectionLevel } from '../../../lib/daemons/detection/rules/injection.ts';
import { scanText } from '../../../lib/daemons/detection/scan-text.ts';
import { claim } from '../claim.ts';
import { SCAN_OPTIONS } from './scan-options.ts';
import type { Target } from './target.ts';

const TEXT_PARTS = [
  'AKIA',
  'eyJ',
  '%41',
  '\\u0041',
  '&#65;',
  '41-',
  'QUtJ',
  '\u200b',
  'А',
  ' ',
  '=',
  '&',
  '"a":"',
  '"',
  '4111',
  '-',
  '://a:b@',
  'ignore previous instructions ',
  '0x',
  '\0',
] as const;

/** Scanning never fails and takes less than a second. */
export const scan: Target = (random) => {
  const noise = random.bytes(random.below(200));
  const text = readableText(Buffer.concat([Buffer.from(random.text(TEXT_PARTS, 200)), noise]));
  const started = performance.now();
  scanText(text, SCAN_OPTIONS);
  injectionLevel(text);
  claim(performance.now() - started < 1000, `slow: ${JSON.stringify(text)}`);
};
