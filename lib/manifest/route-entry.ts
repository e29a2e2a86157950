import { z } from 'zod';
import { routeAuth, routeHost } from '../daemons/contract/routes.ts';
import { variableName } from './env-value.ts';
import { fail } from './rule.ts';
import type { ManifestRoute } from './types.ts';

/** Hosts match without regard to case; what egress reads is lower case. */
const host = z
  .string()
  .transform((text) => text.toLowerCase())
  .superRefine((text, context) => {
    const [issue] = routeHost.safeParse(text).error?.issues ?? [];
    if (issue === undefined) return;
    if (issue.code === 'custom') return fail(context, issue.message, 'Remove this route.');
    fail(
      context,
      'must be one whole DNS name, without scheme, port, path or wildcard',
      'Write only the host, such as `api.example.com`.',
    );
  });

const auth = z.strictObject({ scheme: routeAuth.shape.scheme, token_ref: variableName });

export const routeEntry = z
  .strictObject({ host, auth: auth.optional() })
  .transform(
    (entry): ManifestRoute =>
      entry.auth === undefined
        ? { host: entry.host }
        : { host: entry.host, auth: { scheme: entry.auth.scheme, tokenRef: entry.auth.token_ref } },
  );

/** One route a host: two entries for one host would leave open which of their tokens is sent. */
export const routeList = z.array(routeEntry).superRefine((routes, context) => {
  const first = new Map<string, number>();
  for (const [index, { host: name }] of routes.entries()) {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, index);
      continue;
    }
    context.addIssue({
      code: 'custom',
      path: [index, 'host'],
      message: `names the same host as routes[${earlier}]`,
      params: { remedy: 'Keep one of the two routes.' },
    });
  }
});
