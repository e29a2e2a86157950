import { z } from 'zod';
import { pushRules } from '../daemons/contract/git-gate/repos.ts';
import { FORGES } from '../forge/forges.ts';
import type { GitPush } from '../manifest/types.ts';

/** How the gate authenticates. Names files and variables, never what they hold. */
const planKey = z.discriminatedUnion('kind', [
  /** `file`: absolute path of the private key on the host. */
  z.strictObject({ kind: z.literal('static'), file: z.string() }),
  /** `slot`: the variable of the bundle that holds the token; `variable`: that of the host. */
  z.strictObject({
    kind: z.literal('token'),
    slot: z.string(),
    variable: z.string(),
    username: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('deploy'),
    forge: z.enum(FORGES),
    apiUrl: z.string(),
    /** `OWNER/REPOSITORY`. */
    repository: z.string(),
    /** The host variable with the forge's token, which never enters the bundle. */
    variable: z.string(),
  }),
]);

/** A repository behind the git gate, and how the gate reaches its upstream. */
export const planRepo = z.strictObject({
  /** Of the repository in the gate. */
  name: z.string(),
  /** As written: `ssh://user@host:port/path` or `https://host:port/path`. */
  url: z.string(),
  scheme: z.enum(['ssh', 'https']),
  /** Empty with HTTPS. */
  user: z.string(),
  /** Lowercase; an IPv6 address without brackets. */
  host: z.string(),
  port: z.number().int(),
  /** Starts with `/`. */
  path: z.string(),
  /** `TYPE BASE64`; empty with HTTPS. */
  hostKey: z.string(),
  key: planKey,
  push: z.union([z.literal(false), pushRules]),
  /** Host name -> IP address, for the bundle's hosts file. */
  extraHosts: z.record(z.string(), z.string()),
});
export type PlanRepo = z.infer<typeof planRepo>;

/** How the gate authenticates, in a few words; empty for a key file, the usual way. */
export function keyText({ key }: PlanRepo): string {
  if (key.kind === 'token') return `token of $${key.variable}`;
  return key.kind === 'deploy' ? `deploy key of ${key.forge}, made with $${key.variable}` : '';
}

/** Author of the agent's commits. */
export const planGitUser = z.strictObject({ name: z.string().optional(), email: z.string().optional() });

/** What a push may do, in a few words: `push: agent/*, no new branches` or `read-only`. */
export function pushText(push: GitPush): string {
  if (push === false) return 'read-only';
  const branches = push.branches === null ? 'any branch but the default one' : push.branches.join(', ');
  const marks = [
    !push.create && 'no new branches',
    push.force && 'may force',
    push.delete && 'may delete',
    push.tags && 'tags',
  ].filter((mark) => mark !== false);
  return `push: ${[branches || 'no branch', ...marks].join(', ')}`;
}
