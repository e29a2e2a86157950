import { z } from 'zod';
import {
  credentialHeader,
  credentialParameter,
  credentialScheme,
  DEFAULT_CREDENTIAL_HEADER,
} from '../../daemons/contract/egress/routes.ts';
import type { ManifestRoute, RouteCredential } from '../types.ts';
import { routeDlp } from './route-dlp.ts';
import { routeHost } from './route-host.ts';
import { routeMatches } from './route-matches.ts';
import { fail } from './rule.ts';
import { variableName } from './variable-name.ts';

/** HTTP compares header names without case; egress has them in lower case. */
const header = z
  .string()
  .superRefine((text, context) => {
    if (credentialHeader.safeParse(text.toLowerCase()).success) return;
    fail(
      context,
      'is not a header that can carry a credential',
      'Write, for example, `x-api-key`, or remove `header` for `Authorization`.',
    );
  })
  .transform((text) => text.toLowerCase());

const query = z.string().superRefine((text, context) => {
  if (credentialParameter.safeParse(text).success) return;
  if (text.toLowerCase() === 'service')
    return fail(context, 'tells a git fetch from a push', 'Use a `header` for this credential.');
  fail(
    context,
    'is not a query parameter that can carry a credential',
    'Write only its name, such as `key`: letters, digits, `.`, `_`, `~` and `-`.',
  );
});

const auth = z
  .strictObject({
    header: header.optional().meta({
      description: 'The header that egress sets; the agent’s own value of it is never sent.',
      default: 'Authorization',
    }),
    scheme: credentialScheme.optional().meta({
      description:
        'The word before the token. `Basic`: the token is `USER:PASSWORD`. `none`: the token alone.',
    }),
    query: query.optional().meta({
      description: 'The query parameter that egress sets instead of a header, without a scheme.',
    }),
    token_ref: variableName.meta({ description: 'The host variable that holds the token.' }),
  })
  .superRefine((value, context) => {
    if (value.query === undefined) {
      if (value.scheme === undefined)
        fail(context, 'needs a `scheme` or a `query`', 'Add, for example, `scheme: Bearer`.');
      return;
    }
    for (const key of ['header', 'scheme'] as const) {
      if (value[key] === undefined) continue;
      fail(context, 'cannot be combined with `query`', `Remove \`${key}\` or \`query\`.`, [key]);
    }
  });

const port = z
  .number()
  .superRefine((value, context) => {
    if (Number.isInteger(value) && value >= 1 && value <= 65_535) return;
    fail(context, 'is not a valid port', 'Write a whole number from 1 to 65535.');
  })
  .meta({ minimum: 1, maximum: 65_535, multipleOf: 1 });

/** One entry of `egress.routes`. */
export const routeEntry = z
  .strictObject({
    host: routeHost.meta({ description: 'The full DNS name, or `*.` and a name for all names below it.' }),
    auth: auth.optional().meta({ description: 'The credential that egress adds to each request.' }),
    matches: routeMatches.optional().meta({
      description: 'Conditions; a request must meet at least one entry. Absent: any request.',
    }),
    git: z
      .strictObject({ fetch: z.boolean() })
      .optional()
      .meta({ description: '`fetch: true` allows clone and fetch over HTTPS; pushes go through git-gate.' }),
    dlp: routeDlp.optional().meta({ description: 'What requests and responses are scanned for.' }),
    port: port.optional().meta({ description: 'The only TCP port; absent: 443, and 80 for plain HTTP.' }),
    private: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the host may resolve to a private address.', default: false }),
  })
  .transform((entry): ManifestRoute => {
    const { host, matches, git, dlp } = entry;
    return {
      host,
      ...(entry.auth === undefined ? {} : { auth: plainAuth(entry.auth) }),
      ...(matches === undefined ? {} : { matches }),
      ...(git === undefined ? {} : { git }),
      ...(dlp === undefined ? {} : { dlp }),
      ...(entry.port === undefined ? {} : { port: entry.port }),
      ...(entry.private === undefined ? {} : { private: entry.private }),
    };
  });

/** `authorization` is the default, and not kept. */
function plainAuth({
  header: name,
  scheme,
  query: parameter,
  token_ref,
}: z.output<typeof auth>): RouteCredential {
  return {
    ...(name === undefined || name === DEFAULT_CREDENTIAL_HEADER ? {} : { header: name }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(parameter === undefined ? {} : { query: parameter }),
    tokenRef: token_ref,
  };
}
