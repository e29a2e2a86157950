import * as z from 'zod';
import { canonicalTarget } from '../egress/canonical-path.ts';
import { routeHost } from '../egress/routes.ts';
import { MAX_VALUES, valueMark } from '../egress/value-mark.ts';
import { findingId } from '../git-gate/allowed.ts';
import { TEXT_LIMITS } from './limits.ts';

/** Text of the agent, kept as it was given. Whoever shows it has to make it inert first. */
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((given) => given.trim() !== '', 'is empty');

const reason = text(TEXT_LIMITS.reason);

export const grantSeconds = z.int().min(1).max(2_592_000);
export const grantUses = z.int().min(1).max(1_000_000);

/** How long a grant is good for. */
export const grantLimit = z.union([
  z.strictObject({ seconds: grantSeconds }),
  z.strictObject({ uses: grantUses }),
]);
export type GrantLimit = z.infer<typeof grantLimit>;

/** A path whose reading is the same everywhere, without a query. */
const pathPrefix = z
  .string()
  .max(1024)
  .refine((path) => {
    const canonical = canonicalTarget(path);
    if ('fault' in canonical || canonical.query !== '') return false;
    return path === canonical.path || path === canonical.sentPath;
  }, 'a path such as /v1/items: it starts with /, and has no query, dot segments or needless escapes');

const methods = z
  .array(z.string().regex(/^[A-Z]{1,20}$/, 'a method in upper case'))
  .min(1)
  .max(10)
  .refine((list) => new Set(list).size === list.length, 'a method is named twice');

export const allowRequest = z.strictObject({
  kind: z.literal('allow'),
  host: routeHost,
  /** Absent: 443, and 80 for plain HTTP. */
  port: z.int().min(1).max(65535).optional(),
  /** Absent: any. */
  methods: methods.optional(),
  /** Ends at a `/` or at the end of the path. Absent: any path. */
  pathPrefix: pathPrefix.optional(),
  reason,
  /** Absent: as long as the bottle lives. */
  limit: grantLimit.optional(),
});

export type AllowRequest = z.infer<typeof allowRequest>;

export const gitAllowRequest = z.strictObject({
  kind: z.literal('git-allow'),
  /** As the refusal of the push names it. */
  finding: findingId,
  reason,
});

export const capabilityRequest = z.strictObject({
  kind: z.literal('capability'),
  /** Lines that would be added to the Dockerfile of the agent's image. */
  dockerfile: text(TEXT_LIMITS.dockerfile),
  reason,
});

export const askRequest = z.strictObject({
  kind: z.literal('ask'),
  question: text(TEXT_LIMITS.question),
  /** Absent: the answer is free text. */
  choices: z
    .array(text(TEXT_LIMITS.choice))
    .min(2)
    .max(10)
    .refine((list) => new Set(list).size === list.length, 'a choice is named twice')
    .optional(),
});

export const notifyRequest = z.strictObject({
  kind: z.literal('notify'),
  message: text(TEXT_LIMITS.message),
});

/** A request that egress holds since it found secrets in it. Never their values. */
export const tokenAllowRequest = z.strictObject({
  kind: z.literal('egress-token-allow'),
  /** What was found: the kind of secret, and a mark that stands for the value. */
  values: z
    .array(z.strictObject({ kind: z.string().min(1).max(64), mark: valueMark }))
    .min(1)
    .max(MAX_VALUES),
  /** Where in the request they are, such as `body` or `header x-note`. */
  places: z.array(z.string().min(1).max(80)).min(1).max(20),
  host: routeHost,
  method: z.string().min(1).max(32),
  /** Without the query; `[withheld]` where something was found in it. */
  path: z.string().max(1024),
});
export type TokenAllowRequest = z.infer<typeof tokenAllowRequest>;

/** What is asked of the person. */
export const superviseRequest = z.discriminatedUnion('kind', [
  allowRequest,
  gitAllowRequest,
  capabilityRequest,
  askRequest,
  notifyRequest,
  tokenAllowRequest,
]);
export type SuperviseRequest = z.infer<typeof superviseRequest>;
export type RequestKind = SuperviseRequest['kind'];

/** Equal for requests that ask for the same thing, for whatever reason and however long. */
export function similarityKey(request: SuperviseRequest): string {
  switch (request.kind) {
    case 'allow': {
      const { host, port, methods: asked, pathPrefix: prefix } = request;
      return JSON.stringify(['allow', host, port ?? null, asked?.toSorted() ?? null, prefix ?? null]);
    }
    case 'git-allow':
      return JSON.stringify(['git-allow', request.finding]);
    case 'capability':
      return JSON.stringify(['capability', request.dockerfile]);
    case 'ask':
      return JSON.stringify(['ask', request.question, request.choices ?? null]);
    case 'notify':
      return JSON.stringify(['notify', request.message]);
    case 'egress-token-allow': {
      // Where the values stand in the request does not matter to the approval.
      const marks = request.values.map(({ mark }) => mark);
      return JSON.stringify(['egress-token-allow', request.host, marks.toSorted()]);
    }
  }
}
