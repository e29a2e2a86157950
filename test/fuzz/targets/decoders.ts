import { scanText } from '../../../lib/daemons/detection/scan-text.ts';
import { claim } from '../claim.ts';
import { disguised } from '../disguises.ts';
import { someSecret } from './some-secret.ts';
import type { Target } from './target.ts';

const SURROUNDINGS: readonly [[string, string], ...[string, string][]] = [
  ['', ''],
  ['{"note":"', '"}'],
  ['a=1&b=', '&c=2'],
  ['/v1/x/', ''],
  ['Über ', ' end'],
  ['see ', '\n'],
];

/** A secret is found under up to three encodings, whatever is around it. */
export const decoders: Target = (random) => {
  const { secret, options } = someSecret(random);
  const hidden = disguised(random, secret, 3);
  const [before, after] = random.pick(SURROUNDINGS);
  const text = `${before}${hidden}${after}`;
  claim(scanText(text, options).length > 0, `missed: ${JSON.stringify({ secret, text })}`);
};
