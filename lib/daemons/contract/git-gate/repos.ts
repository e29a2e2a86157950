import * as z from 'zod';

/** Name of a repository: a path segment of its URL, and a name of files. */
export const repoName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/)
  .refine((name) => !/^\.+$/.test(name), 'is not only dots');

/** `ssh://user@host:port/path` or `https://host:port/path`. Neither user nor host can pass for an option. */
const upstreamUrl = z
  .string()
  .max(1024)
  .regex(
    /^(ssh:\/\/[A-Za-z0-9_][A-Za-z0-9._-]*@|https:\/\/)([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?\/[A-Za-z0-9._~/+@:,=%-]+$/,
    'a URL such as ssh://git@host:22/path.git or https://host/path.git',
  );

/** Names of the variables with the tokens of HTTPS upstreams. */
export const GIT_TOKEN_SLOT = /^GIT_TOKEN_[0-9]+$/;
export const gitTokenSlot = (index: number) => `GIT_TOKEN_${index}`;

const gateKey = z.discriminatedUnion('kind', [
  /** SSH: the private key is the file `keys/<name>`. */
  z.strictObject({ kind: z.literal('file') }),
  /** HTTPS: the password is the value of the variable `slot`. */
  z.strictObject({
    kind: z.literal('token'),
    slot: z.string().regex(GIT_TOKEN_SLOT),
    username: z.string().regex(/^[\x21-\x39\x3b-\x7e]{1,200}$/),
  }),
]);

/** Glob of branch names, without `refs/heads/`: `*` matches within a segment, `**` any number of them. */
const branchGlob = z
  .string()
  .max(200)
  .regex(/^[^\s\p{Cc}]+$/u);

/** What a push may do. */
export const pushRules = z.strictObject({
  /** Branches that may be changed; `null`: any but upstream's default branch. */
  branches: z.array(branchGlob).nullable(),
  /** Whether a branch may be made that upstream does not have. */
  create: z.boolean(),
  /** Whether commits that upstream has may be dropped from a branch. */
  force: z.boolean(),
  /** Whether branches may be deleted; with `tags`, tags too. */
  delete: z.boolean(),
  /** Whether tags may be made; with `force`, moved. */
  tags: z.boolean(),
});

const gateRepo = z
  .strictObject({
    name: repoName,
    url: upstreamUrl,
    key: gateKey,
    /** `false`: no push at all. */
    push: z.union([z.literal(false), pushRules]),
  })
  .refine(
    ({ url, key }) => url.startsWith('https:') === (key.kind === 'token'),
    'the key is not for this URL',
  );

const MIB = 1024 * 1024;

/** What git-gate writes at most on behalf of one push. */
export const gateLimits = z.strictObject({
  /** Bytes that one push may send, packed. */
  maxPackBytes: z
    .int()
    .positive()
    .default(1024 * MIB),
  /** Bytes of one file. */
  maxBlobBytes: z
    .int()
    .positive()
    .default(100 * MIB),
});

/** `repos.json`: the repositories of a bottle's gate. */
export const reposFile = z.strictObject({
  version: z.literal(1),
  repos: z
    .array(gateRepo)
    .max(100)
    .refine((repos) => new Set(repos.map(({ name }) => name.toLowerCase())).size === repos.length, {
      message: 'two repositories have one name',
    }),
  limits: gateLimits.prefault({}),
  /** Whether the agent can ask a person to let a finding pass, so that a refusal can say so. */
  supervise: z.boolean().optional(),
});

/** Files in the directory `CONTAINER_PATHS.gitConfig`. */
export const GIT_CONFIG_FILES = {
  repos: 'repos.json',
  /** Host keys of all upstreams, in OpenSSH's format. */
  knownHosts: 'known_hosts',
  /** See `allowed.ts`; absent until a person lets something pass. */
  allowed: 'allowed.json',
  /** Directory with a private key a repository, named like it, mode 0600. */
  keys: 'keys',
} as const;

export type PushRules = z.infer<typeof pushRules>;
export type GateRepo = z.infer<typeof gateRepo>;
export type GateLimits = z.infer<typeof gateLimits>;
export type ReposFile = z.infer<typeof reposFile>;
