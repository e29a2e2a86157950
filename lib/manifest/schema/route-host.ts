import { z } from 'zod';
import { routeHost as exactName } from '../../daemons/contract/egress/routes.ts';
import { SELFTEST_HOST } from '../../daemons/contract/selftest/selftest.ts';
import { fail } from './rule.ts';

const WILDCARD = '*.';

/** A DNS name, or `*.` and a name. Hosts match case-insensitively; egress reads lowercase. */
export const routeHost = z
  .string()
  .transform((text) => text.toLowerCase())
  .superRefine((text, context) => {
    const isWildcard = text.startsWith(WILDCARD);
    const name = isWildcard ? text.slice(WILDCARD.length) : text;
    if (name === SELFTEST_HOST || (isWildcard && SELFTEST_HOST.endsWith(`.${name}`))) {
      return fail(context, `${SELFTEST_HOST} is built in and cannot be a route`, 'Remove this route.');
    }
    if (!exactName.safeParse(name).success) {
      return fail(
        context,
        'must be a full DNS name, or `*.` and a name, without scheme, port or path',
        'Write only the host, such as `api.example.com`.',
      );
    }
    if (isWildcard && !name.includes('.')) {
      fail(context, 'covers a whole top-level domain', 'Write at least two labels after `*.`.');
    }
  });
