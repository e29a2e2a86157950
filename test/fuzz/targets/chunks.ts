import { BodyScanner } from '../../../lib/daemons/detection/body-scanner.ts';
import type { Finding } from '../../../lib/daemons/detection/scan-text.ts';
import { claim } from '../claim.ts';
import { disguised } from '../disguises.ts';
import { someSecret } from './some-secret.ts';
import type { Target } from './target.ts';

/** A secret under one encoding is found anywhere in a body that arrives in chunks, in text or binary data. */
export const chunks: Target = (random) => {
  const { secret, options } = someSecret(random);
  const hidden = disguised(random, secret, 1);
  const filler = random.pick(['lorem ipsum ', '{"a":1},', '\n', 'é ', '\0\x01']);
  const fill = () => Buffer.from(filler.repeat(random.below(80_000 / filler.length)));
  const body = Buffer.concat([fill(), Buffer.from(` ${hidden} `), fill()]);
  const scanner = new BodyScanner(options);
  const findings: Finding[] = [];
  for (let start = 0, size = 0; start < body.length; start += size) {
    size = 1 + random.below(random.pick([10, 5_000, 100_000]));
    // Far from the secret, small chunks would only take time.
    if (Math.abs(start - body.indexOf(hidden)) > 1_000) size += 4_000;
    findings.push(...scanner.push(body.subarray(start, start + size)));
  }
  findings.push(...scanner.end());
  const details = { secret, hidden, filler, length: body.length };
  claim(findings.length > 0, `missed: ${JSON.stringify(details)}`);
};
