import { canonicalTarget } from '../../../lib/daemons/contract/egress/canonical-path.ts';
import { claim } from '../claim.ts';
import { PATH_PARTS } from './parts.ts';
import type { Target } from './target.ts';

/** A canonical path has no other form and no dot segments. */
export const path: Target = (random) => {
  const target = `/${random.text(PATH_PARTS, 12)}`;
  const canonical = canonicalTarget(target);
  if ('fault' in canonical) return;
  const again = canonicalTarget(canonical.path);
  claim(!('fault' in again) && again.path === canonical.path, `not one form: ${JSON.stringify(target)}`);
  const decoded = decodeURIComponent(canonical.path);
  claim(!/(^|\/)\.\.?(\/|;|$)|\\|\0/.test(decoded), `dots left: ${JSON.stringify(target)}`);
};
