import { z } from 'zod';
import { routeEntry } from '../manifest/schema/route-entry.ts';
import { guestVariableName, variableName } from '../manifest/schema/variable-name.ts';
import type { Provider, ProviderRoute, SignIn, TranscriptEvent } from './provider.ts';

const withoutNul = z.string().refine((text) => !text.includes('\0'), 'contains a NUL character');
const guestPath = withoutNul.regex(/^\//, 'is not an absolute path');
const words = z.array(withoutNul);
const variables = z.record(guestVariableName, withoutNul);

/** A path that stays below the agent's home. */
export const pathInHome = withoutNul.regex(
  /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^/]+(?:\/[^/]+)*$/,
  'is not a path inside the home',
);

const callback = <Signature>() =>
  z.custom<Signature>((value) => typeof value === 'function', 'is not a function');

/** Checked as a route of a bottle that names the token of `TOKEN`. */
const route = z.custom<ProviderRoute>().superRefine((value, context) => {
  const candidate = { ...Object(value), auth: { ...Object(Object(value).auth), token_ref: 'TOKEN' } };
  for (const issue of routeEntry.safeParse(candidate).error?.issues ?? []) {
    context.addIssue({ code: 'custom', message: issue.message, path: issue.path });
  }
});

const signIn = z.strictObject({
  file: callback<SignIn['file']>(),
  read: callback<SignIn['read']>(),
  hint: z.string(),
});

const credential = z.strictObject({
  title: z.string().min(1),
  routes: z.array(route).min(1),
  environment: variables.optional(),
  signIn: signIn.optional(),
});

/** Checks a provider that comes from outside the kit, and fills in the defaults. */
export const providerSchema = z.strictObject({
  command: z.array(withoutNul.min(1)).min(1).optional(),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/, 'is not a valid user name')
    .optional(),
  home: guestPath.optional(),
  environment: variables.default({}),
  npmPackage: z.string().min(1).optional(),
  credentials: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), credential).default({}),
  credentialVariables: z.array(variableName).default([]),
  files: callback<NonNullable<Provider['files']>>().optional(),
  interactive: callback<NonNullable<Provider['interactive']>>().optional(),
  needsTerminal: z.boolean().default(false),
  headless: callback<NonNullable<Provider['headless']>>().optional(),
  skills: pathInHome.optional(),
  transcripts: pathInHome.optional(),
  resumable: callback<NonNullable<Provider['resumable']>>().optional(),
  transcriptLine: callback<NonNullable<Provider['transcriptLine']>>().optional(),
}) satisfies z.ZodType<unknown, Provider>;

/** What a provider's functions must return. */
export const guestFiles = z.array(
  z.strictObject({
    path: pathInHome,
    content: z.string(),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, 'is not an octal mode')
      .default('0600'),
  }),
);
export const sessionArguments = words;
export const resumablePath = pathInHome;

/** A time that is none is left out, rather than what happened. */
const happened = { time: z.iso.datetime({ offset: true }).optional().catch(undefined) };
const id = z.string().optional();
export const transcriptEvents = z.array(
  z.discriminatedUnion('kind', [
    z.strictObject({
      ...happened,
      kind: z.literal('message'),
      who: z.enum(['user', 'agent']),
      text: z.string(),
    }),
    z.strictObject({ ...happened, kind: z.literal('thought'), text: z.string() }),
    z.strictObject({ ...happened, kind: z.literal('call'), tool: z.string(), input: z.json(), id }),
    z.strictObject({
      ...happened,
      kind: z.literal('result'),
      text: z.string(),
      failed: z.boolean().default(false),
      id,
    }),
  ]),
) satisfies z.ZodType<unknown, TranscriptEvent[]>;
