import * as z from 'zod';
import { repoName } from '../git-gate/repos.ts';
import { SELFTEST_HOST } from '../selftest/selftest.ts';
import { proposalId } from '../supervise/proposal-id.ts';
import { auditLevel } from './audit.ts';
import { routeDlp } from './route-dlp.ts';
import { routeMatch } from './route-match.ts';
import { MAX_VALUES, valueMark } from './value-mark.ts';

/** Name of an environment variable of the bundle that holds a token; the routes file never holds a value. */
export const tokenSlot = z.string().regex(/^EGRESS_TOKEN_[0-9]+$/, 'a token slot is EGRESS_TOKEN_<number>');

/** A DNS name in lower case with at least one letter, so that no IPv4 address passes for a name. */
export const HOST_PATTERN =
  /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Exact DNS name, lower case: the match is on the whole name. */
export const routeHost = z
  .string()
  .max(253)
  .regex(HOST_PATTERN, 'a route host is a DNS name in lower case, without scheme, port, path or wildcard')
  .refine((host) => host !== SELFTEST_HOST, `${SELFTEST_HOST} is built in and cannot be a route`);

const suffixHost = z
  .string()
  .max(255)
  .refine((text) => {
    const name = text.slice(2);
    return text.startsWith('*.') && name.includes('.') && HOST_PATTERN.test(name);
  }, 'a route host is a DNS name in lower case, or `*.` and one of at least two labels, without scheme, port or path')
  .refine(
    (text) => !`.${SELFTEST_HOST}`.endsWith(text.slice(1)),
    `${SELFTEST_HOST} is built in and cannot be a route`,
  );

/** `routeHost`, or `*.` and one: every name below it, not itself. */
export const routeHostPattern = z.string().superRefine((text, context) => {
  const parsed = (text.startsWith('*') ? suffixHost : routeHost).safeParse(text);
  for (const issue of parsed.error?.issues ?? [])
    context.addIssue({ code: 'custom', message: issue.message });
});

/** The header that carries a credential where the route names none. */
export const DEFAULT_CREDENTIAL_HEADER = 'authorization';

/** Headers that decide about framing, routing or encoding: a credential in one of them would break the request. */
const NO_CREDENTIAL_HEADER =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|range|if-range|accept-encoding|date|via|content-.*|proxy-.*|sec-websocket-.*)$/;

/** Name of a header that can carry a credential, in lower case. */
export const credentialHeader = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, 'a header name in lower case')
  .refine((name) => !NO_CREDENTIAL_HEADER.test(name), 'this header cannot carry a credential');

/** Name of a query parameter that can carry a credential. `service` tells a git fetch from a push. */
export const credentialParameter = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._~-]{0,63}$/, 'a parameter name of letters, digits, `.`, `_`, `~` and `-`')
  .refine((name) => name.toLowerCase() !== 'service', 'this parameter cannot carry a credential');

/** What stands before the token. `Basic`: the token is `USER:PASSWORD`, and sent in base64. `none`: nothing. */
export const credentialScheme = z.enum(['Bearer', 'token', 'Basic', 'none']);

/** The header or query parameter that egress sets on requests upstream. The agent's own value of it is never sent. */
export const routeAuth = z
  .strictObject({
    /** Default: `authorization`. */
    header: credentialHeader.optional(),
    /** Absent only with `query`, where the token stands alone. */
    scheme: credentialScheme.optional(),
    /** Puts the token in the query instead of a header. */
    query: credentialParameter.optional(),
    slot: tokenSlot,
  })
  .superRefine(({ header, scheme, query }, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (query === undefined && scheme === undefined) fault('scheme', 'is missing');
    if (query !== undefined && (header ?? scheme) !== undefined)
      fault('query', 'cannot be combined with `header` or `scheme`');
  });
export type RouteAuth = z.infer<typeof routeAuth>;

export const route = z.strictObject({
  host: routeHostPattern,
  auth: routeAuth.optional(),
  /** The one TCP port of this host; default 443 through CONNECT, 80 for plain HTTP. */
  port: z.number().int().min(1).max(65535).optional(),
  /** Lets this host resolve to a private or loopback address; link-local and metadata addresses stay refused. */
  private: z.boolean().optional(),
  /** What a request must be like: as at least one of these. Absent: anything. */
  matches: z.array(routeMatch).min(1).optional(),
  /** `fetch: true` lets git clone and fetch over HTTPS; a push over HTTPS never passes. */
  git: z.strictObject({ fetch: z.boolean() }).optional(),
  dlp: routeDlp.optional(),
  /** `provider`: the agent's provider owns this host; the bottle's own route for it is never looked at. */
  owner: z.enum(['provider', 'bottle']).optional(),
  /** The grant ends at this instant, RFC 3339. */
  expires_at: z.iso.datetime({ offset: true }).optional(),
  /** Requests that the grant is good for, counted from when the daemon first loads it. */
  max_uses: z.number().int().min(1).max(1_000_000).optional(),
  /** A person granted it to this proposal. When it has ended, later routes of its host are looked at as if it was not there. */
  grant: proposalId.optional(),
});

/**
 * Several routes of one owner may name one host: the first whose `matches` admit a request decides about it. What is
 * decided before the request is known, the port and the addresses, must be the same in all of them.
 */
const routeList = z.array(route).superRefine((routes, context) => {
  const before = new Map<string, Route>();
  for (const [index, entry] of routes.entries()) {
    const key = `${entry.owner ?? 'bottle'} ${entry.host}`;
    const earlier = before.get(key);
    before.set(key, entry);
    if (earlier === undefined) continue;
    const fault = (message: string) => context.addIssue({ code: 'custom', path: [index, 'host'], message });
    if (earlier.matches === undefined && !isLimitedGrant(earlier))
      fault('an earlier route of this host has no matches: this one is never used');
    if (earlier.port !== entry.port) fault('an earlier route of this host has another port');
    if ((earlier.private ?? false) !== (entry.private ?? false))
      fault('an earlier route of this host has another value of private');
  }
});

function isLimitedGrant({ grant, expires_at: expires, max_uses: uses }: Route): boolean {
  return grant !== undefined && (expires ?? uses) !== undefined;
}

/** Values that a person lets out to one host, although detection finds them in requests. */
export const allowedValues = z.strictObject({
  /** The proposal that they were approved for. */
  grant: proposalId,
  host: routeHost,
  marks: z.array(valueMark).min(1).max(MAX_VALUES),
  /** The approval ends at this instant, RFC 3339. */
  expires_at: z.iso.datetime({ offset: true }).optional(),
});
export type AllowedValues = z.infer<typeof allowedValues>;

/** `routes.yaml`: what egress lets out. Everything that no route names is denied. */
export const routesFile = z.strictObject({
  version: z.literal(1),
  /** How much is written down, see `audit.ts`; default 0. */
  log: auditLevel.optional(),
  /** Keeps what is denied to be learned from, see `learned.ts`; lets nothing more out. */
  learn: z.boolean().optional(),
  /** Whether a refused CONNECT is accepted, so that the agent can read the refusal inside TLS; default true. */
  explain_denials: z.boolean().optional(),
  /** Whether the agent can ask a person, so that a refusal can say so; lets nothing more out. */
  supervise: z.boolean().optional(),
  /** Repositories behind the git gate, so that a refusal can name it; lets nothing more out. */
  git_gate: z
    .array(
      z.strictObject({
        name: repoName,
        host: z.string().max(253),
        /** Starts with `/`, without `.git`. */
        path: z.string().max(1024).startsWith('/'),
      }),
    )
    .max(100)
    .optional(),
  /** What a person lets out of requests that egress held. */
  allowed_values: z.array(allowedValues).max(1000).optional(),
  routes: routeList,
});

/**
 * The file as the host writes it: JSON, which is YAML too, in the one form that this gives. Egress knows it by that and
 * reads it twenty times faster than other YAML; it has no repeated key, since what it was made of had none.
 */
export function routesText(file: z.infer<typeof routesFile>): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

export type Route = z.infer<typeof route>;
export type RoutesFile = z.infer<typeof routesFile>;
