import { canonicalTarget } from '../../../lib/daemons/contract/egress/canonical-path.ts';
import { claim } from '../claim.ts';
import { PATH_PARTS } from './parts.ts';
import type { Target } from './target.ts';

/** A canonical path has no other form and no dot segments, also for servers that decode slashes or decode twice. */
export const path: Target = (random) => {
  const target = `/${random.text(PATH_PARTS, 12)}`;
  const canonical = canonicalTarget(target);
  if ('fault' in canonical) return;
  const again = canonicalTarget(canonical.path);
  claim(!('fault' in again) && again.path === canonical.path, `not one form: ${JSON.stringify(target)}`);
  const sent = canonical.sentPath ?? canonical.path;
  claim(sent.toUpperCase() === canonical.path.toUpperCase(), `another path: ${JSON.stringify(target)}`);
  const decoded = decodeURIComponent(sent);
  for (const read of [decoded, decodeLeniently(decoded), decoded.normalize('NFKC')]) {
    claim(!/(^|\/)\.\.?(\/|;|$)|\\|\0/.test(read), `dots left: ${JSON.stringify(target)}`);
  }
};

/** Decodes as a server does that takes what is no escape for text. */
function decodeLeniently(text: string): string {
  return text.replace(/%[0-7][0-9a-f]/gi, (triplet) => decodeURIComponent(triplet));
}
