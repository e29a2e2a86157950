import { z } from 'zod';
import { auditLevel } from '../daemons/contract/egress/audit.ts';
import { route, tokenSlot } from '../daemons/contract/egress/routes.ts';
import { DAEMON_NAMES } from '../daemons/contract/names.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/** `registry-pack`: a `.smolmachine` packed from an ephemeral registry; `archive`: the image's own tarball. */
export const HANDOFFS = ['registry-pack', 'archive'] as const;
export type Handoff = (typeof HANDOFFS)[number];

/** Where the agent's image comes from. */
const imageSource = z.discriminatedUnion('kind', [
  /** Built from a Dockerfile; the tag is `<repository>:<digest of all that it depends on>`. */
  z.strictObject({
    kind: z.literal('dockerfile'),
    repository: z.string(),
    dockerfile: z.string(),
    context: z.string(),
    /** Whether `extra-ca.pem` is put into the context: it is a provider's, and no directory of the operator's. */
    extraCa: z.boolean(),
  }),
  /** An image that the engine has already, named by `BOT_BOTTLE_IMAGE`. */
  z.strictObject({ kind: z.literal('reference'), reference: z.string() }),
]);

/** What `prepare` resolved: everything later phases need, immutable, without a single secret value. */
export const planSchema = z.strictObject({
  slug: z.string(),
  agent: z.strictObject({ name: z.string(), file: z.string(), origin: z.enum(['home', 'cwd', 'examples']) }),
  /** Directories of skills on the host are found by these names. */
  skills: z.array(z.string()),
  bottle: z.strictObject({ name: z.string(), file: z.string() }),
  smolvm: z.strictObject({
    path: z.string(),
    version: z.tuple([z.number(), z.number(), z.number()]),
    tier: z.enum(['alias', 'socket']),
    /** True when the kit's own stand-in runs, which confines with namespaces and is no security boundary. */
    fake: z.boolean(),
  }),
  names: z.strictObject({ machine: z.string(), network: z.string(), bundle: z.string() }),
  image: imageSource,
  /** How the image becomes what a guest boots from. */
  handoff: z.enum(HANDOFFS),
  provider: z.strictObject({
    template: z.string(),
    command: z.array(z.string()).min(1),
    user: z.string(),
    home: z.string(),
    promptMode: z.enum(['variable', 'append-file']),
  }),
  /** True when the agent file has a body: an empty prompt file exists all the same, but is not announced. */
  hasPrompt: z.boolean(),
  environment: z.strictObject({
    literals: z.record(variableName, z.string()),
    /** Guest variable -> variable of the operator's environment; its value is read when it is used. */
    forwarded: z.record(variableName, variableName),
    /**
     * Guest variable -> what to ask for it at launch. `forwarded` has these as well: the answer travels in a
     * variable of its own.
     */
    prompted: z.record(variableName, z.string()),
  }),
  /** Repositories behind the git gate, and where each goes. */
  git: z.array(z.strictObject({ name: z.string(), host: z.string(), port: z.number().int() })),
  egress: z.strictObject({
    routes: z.array(route),
    log: auditLevel,
    learn: z.boolean(),
    /** Slot in the bundle -> variable of the operator's environment. */
    tokens: z.record(tokenSlot, variableName),
  }),
  daemons: z.array(z.enum(DAEMON_NAMES)),
});
export type Plan = z.infer<typeof planSchema>;
