/** Where a manifest file was found: the operator's own, the working directory's, or the kit's examples. */
export type Origin = 'home' | 'cwd' | 'examples';

export interface ManifestFile {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly origin: Origin;
}

/** The place that an effective value was written at. */
export interface ValueOrigin {
  /** Absolute path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly origin: Origin;
}

/**
 * Key path -> place: `env.NAME`, `agent_provider`, `git-gate.user.name`, `git-gate.user.email`, `git-gate.repos`,
 * `git-gate.repos.NAME`, `egress`, `egress.log`, `egress.learn`, `egress.pipelock`, `egress.routes[0]`, `supervise`,
 * `skills`, `bottle`. What no file says, a default, has no entry.
 */
export type Origins = Readonly<Record<string, ValueOrigin>>;

/** How the guest gets one variable: a text of the manifest, a variable of the host, or an answer at launch. */
export type EnvValue =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'host'; readonly variable: string }
  /** `text` is what to ask; empty when the manifest leaves that to the launch. It may hold control characters. */
  | { readonly kind: 'prompt'; readonly text: string };

export interface GitUser {
  readonly name?: string;
  readonly email?: string;
}

/** How the gate signs in upstream: a key file of the host, or a deploy key that it makes for each launch. */
export type GitKey =
  /** `path` as written; a leading `~/` is the operator's home directory. */
  | { readonly kind: 'static'; readonly path: string }
  /** `tokenVariable`: the host variable with the forge's token. */
  | { readonly kind: 'gitea'; readonly tokenVariable: string };

export interface GitRepo {
  /** Of the bare repository in the gate: `[A-Za-z0-9._-]+`, neither `.` nor `..`, not starting with `-`. */
  readonly name: string;
  /** As written: `ssh://user@host:port/path`. */
  readonly url: string;
  /** `port` is 22 when the URL has none; `path` starts with `/`. */
  readonly upstream: {
    readonly user: string;
    readonly host: string;
    readonly port: number;
    readonly path: string;
  };
  /** `TYPE BASE64`, as in known_hosts without the host; the gate refuses to connect without one. */
  readonly hostKey?: string;
  readonly key: GitKey;
  /** Host name -> IP address, for the gate's hosts file. */
  readonly extraHosts: Readonly<Record<string, string>>;
}

/** Conditions of one entry combine with AND; a request must meet one entry of its route's list. */
export interface RouteMatch {
  readonly paths?: readonly { readonly type: 'prefix' | 'exact' | 'regex'; readonly value: string }[];
  /** In upper case. */
  readonly methods?: readonly string[];
  /** `name` in lower case. */
  readonly headers?: readonly {
    readonly type: 'exact' | 'regex';
    readonly name: string;
    readonly value: string;
  }[];
}

export type OutboundDetector = 'token_patterns' | 'known_secrets' | 'entropy';
export type InboundDetector = 'naive_injection_detection';

/** What is absent has its default: all detectors but `entropy`, and `supervise`. An empty list means none. */
export interface RouteDlp {
  readonly outboundDetectors?: readonly OutboundDetector[];
  readonly inboundDetectors?: readonly InboundDetector[];
  readonly outboundOnMatch?: 'block' | 'redact' | 'supervise';
}

export interface ManifestRoute {
  /** DNS name in lower case, or `*.` and one: every name below it, not itself. */
  readonly host: string;
  readonly auth?: {
    /** First word of the `Authorization` header that egress sends upstream. */
    readonly scheme: 'Bearer' | 'token';
    /** Name of the host variable that holds the token. */
    readonly tokenRef: string;
  };
  /** Absent: every request. Never empty. */
  readonly matches?: readonly RouteMatch[];
  /** Absent: neither clone nor fetch over HTTPS. */
  readonly git?: { readonly fetch: boolean };
  readonly dlp?: RouteDlp;
  /** The one TCP port; absent: 443, and 80 for plain HTTP. */
  readonly port?: number;
  /** Whether the host may resolve to a private address. */
  readonly private?: boolean;
}

export interface EgressPolicy {
  readonly routes: readonly ManifestRoute[];
  /** How much is written down: 0 what was refused, 1 also what failed, 2 everything. */
  readonly log: 0 | 1 | 2;
  /** Pipelock stands behind egress. Absent: it does not. */
  readonly pipelock?: true;
  /** Whether what was denied is kept, for `make learn`. */
  readonly learn: boolean;
}

export interface ProviderChoice {
  readonly template: string;
  /** Program and arguments; present exactly when `template` is `command`. */
  readonly command?: readonly string[];
  /** As written in the manifest, see `dockerfile.ts`. */
  readonly dockerfile?: string;
  /** Name of the host variable with the OAuth token; `claude` alone. */
  readonly authToken?: string;
  /** Whether the host's own sign-in is used; `codex` alone. */
  readonly forwardHostCredentials: boolean;
}

export interface AgentManifest extends ManifestFile {
  /** The system prompt: the body of the agent's file, stripped; empty when there is none. */
  readonly prompt: string;
  /** Names of directories of skills, without repetition, in the order of the file. */
  readonly skills: readonly string[];
}

/** What a bottle says, its parents and defaults included. */
export interface BottleManifest {
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly provider: ProviderChoice;
  /** `user` has the agent's own identity in it already. */
  readonly gitGate: { readonly user: GitUser; readonly repos: readonly GitRepo[] };
  readonly egress: EgressPolicy;
  readonly supervise: boolean;
}

/** One agent and the bottle it runs in, validated; holds names of host variables, never their values. */
export interface Manifest {
  readonly agent: AgentManifest;
  /** The bottles that were chosen, in order, at least one; later ones override earlier ones. */
  readonly bottles: readonly [ManifestFile, ...ManifestFile[]];
  readonly bottle: BottleManifest;
  readonly origins: Origins;
  /** What is passed over, one sentence each, for people. */
  readonly warnings: readonly string[];
}
