import { z } from 'zod';
import { DAEMON_NAMES } from '../daemons/contract/daemons.ts';
import { auditLevel } from '../daemons/contract/egress/audit.ts';
import { route, tokenSlot } from '../daemons/contract/egress/routes.ts';
import { capability } from './capability.ts';
import { planGitUser, planRepo } from './git.ts';
import { planWorkspace } from './workspace.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/**
 * `registry-pack`: a `.smolmachine` packed from an ephemeral registry; `archive`: the image's own tarball.
 */
export const HANDOFFS = ['registry-pack', 'archive'] as const;
export type Handoff = (typeof HANDOFFS)[number];

/** The source of the agent's image. */
const imageSource = z.discriminatedUnion('kind', [
  /** Built from a Dockerfile; the tag is `<repository>:<digest of everything it depends on>`. */
  z.strictObject({
    kind: z.literal('dockerfile'),
    repository: z.string(),
    dockerfile: z.string(),
    context: z.string(),
    /**
     * Whether `extra-ca.pem` is added to the context: true for a provider's, false for the operator's own.
     */
    extraCa: z.boolean(),
  }),
  /** An existing image of the engine, named by `BOT_BOTTLE_IMAGE`. */
  z.strictObject({ kind: z.literal('reference'), reference: z.string() }),
]);

/** What `prepare` resolved: everything that later phases need. Immutable, without secret values. */
export const planSchema = z.strictObject({
  slug: z.string(),
  agent: z.strictObject({ name: z.string(), file: z.string(), origin: z.enum(['home', 'cwd', 'examples']) }),
  /** Names of skill directories on the host. */
  skills: z.array(z.string()),
  bottle: z.strictObject({ name: z.string(), file: z.string() }),
  smolvm: z.strictObject({
    path: z.string(),
    version: z.tuple([z.number(), z.number(), z.number()]),
    tier: z.enum(['alias', 'socket']),
    /** True for the kit's fake, which confines with namespaces and is not a security boundary. */
    fake: z.boolean(),
  }),
  names: z.strictObject({ machine: z.string(), network: z.string(), bundle: z.string() }),
  image: imageSource,
  /** What was approved to be added to the image, in order. Absent: nothing. */
  capabilities: z.array(capability).min(1).optional(),
  /** How the image becomes what a guest boots from. */
  handoff: z.enum(HANDOFFS),
  provider: z.strictObject({
    template: z.string(),
    /** Program and first arguments, to which each session adds its own; empty for the image's own ENTRYPOINT and CMD. */
    command: z.array(z.string()),
    /** The user that the provider wants, and its home, if it wants any. See `build-image` for the one in use. */
    user: z.string().optional(),
    home: z.string().optional(),
    /** The operator's own choice of the home, whoever the user is: `BOT_BOTTLE_GUEST_HOME`. */
    guestHome: z.string().optional(),
    /** The chosen credential, by name. Egress has its value, the agent a placeholder. */
    credential: z
      .strictObject({
        kind: z.string(),
        title: z.string(),
        /** Hosts to which egress adds it. */
        hosts: z.array(z.string()),
        /** The host variable that holds it; absent for a sign-in of the host. */
        variable: variableName.optional(),
      })
      .optional(),
    /** MCP servers that the agent knows: name -> URL. */
    mcpServers: z.record(z.string(), z.string()),
  }),
  /** Whether the agent file has a body; without one, the prompt file is empty and not announced. */
  hasPrompt: z.boolean(),
  environment: z.strictObject({
    literals: z.record(variableName, z.string()),
    /** Guest variable -> variable of the operator's environment, read only when it is used. */
    forwarded: z.record(variableName, variableName),
    /** Guest variable -> host file that sets it, read only when it is used. */
    files: z.record(variableName, z.string()).default({}),
    /**
     * Guest variable -> the question to ask at launch. `forwarded` contains these too: each answer is passed
     * in its own variable.
     */
    prompted: z.record(variableName, z.string()),
  }),
  /** Repositories behind the git gate. */
  git: z.array(planRepo),
  /** Absent: git's own choice. */
  gitUser: planGitUser.optional(),
  egress: z.strictObject({
    routes: z.array(route),
    log: auditLevel,
    learn: z.boolean(),
    /** Absent: true. */
    explain_denials: z.boolean().optional(),
    /** Slot in the bundle -> variable of the operator's environment. */
    tokens: z.record(tokenSlot, variableName),
  }),
  /** What the agent may do to the operator's terminal; absent: only what is always harmless. */
  terminal: z.strictObject({ clipboard: z.literal(true) }).optional(),
  daemons: z.array(z.enum(DAEMON_NAMES)),
  /** `deny`: whatever the agent asks for is refused at once. Absent: it waits for a person. */
  superviseMode: z.literal('deny').optional(),
  /** Absent: the agent gets no copy of anything. */
  workspace: planWorkspace.optional(),
});
export type Plan = z.infer<typeof planSchema>;
