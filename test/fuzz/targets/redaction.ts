import { cutOut } from '../../../lib/daemons/detection/cut-out.ts';
import { scanText } from '../../../lib/daemons/detection/scan-text.ts';
import { claim } from '../claim.ts';
import { someSecret } from './some-secret.ts';
import type { Target } from './target.ts';

/** Redaction removes all of a secret and nothing else. */
export const redaction: Target = (random) => {
  const { secret, options, type } = someSecret(random);
  const parts = Array.from({ length: random.below(6) }, () =>
    random.text(['. ', 'é', '\n', ' "', '\u{1f600}'], 4),
  );
  const text = parts.join(` ${secret} `);
  const clean = cutOut(text, options);
  claim(
    clean === parts.join(` REDACTED-${type} `),
    `wrongly cut: ${JSON.stringify({ secret, text, clean })}`,
  );
  claim(scanText(clean, options).length === 0, `left: ${JSON.stringify({ secret, clean })}`);
};
