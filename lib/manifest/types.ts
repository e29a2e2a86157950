import type { Forge } from '../forge/forges.ts';
/** Where a manifest file was found: the operator's own, the working directory's, or the kit's examples. */
export type Origin = 'home' | 'cwd' | 'examples';

export interface ManifestFile {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly origin: Origin;
}

/** Where an effective value was written. */
export interface ValueOrigin {
  /** Absolute path. */
  readonly file: string;
  /** Starts at 1. */
  readonly line: number;
  readonly origin: Origin;
}

/**
 * Key path -> origin: `env.NAME`, `env_file`, `agent_provider`, `git-gate.user.name`, `git-gate.user.email`,
 * `git-gate.repos`, `git-gate.repos.NAME`, `git-gate.repos.NAME.push`, `egress`, `egress.log`, `egress.learn`, `egress.explain_denials`,
 * `egress.pipelock`, `egress.routes[0]`, `terminal`, `terminal.clipboard`, `supervise`, `skills`, `bottle`. Defaults have no entry.
 */
export type Origins = Readonly<Record<string, ValueOrigin>>;

/** Source of one guest variable: a literal, a host variable, or a prompt at launch. */
export type EnvValue =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'host'; readonly variable: string }
  /** `text` is the question, empty if the manifest has none. It may contain control characters. */
  | { readonly kind: 'prompt'; readonly text: string };

export interface GitUser {
  readonly name?: string;
  readonly email?: string;
}

/** How the gate authenticates to an upstream. `tokenVariable` is the host variable with a token of the forge. */
export type GitKey =
  /** SSH, with a key file of the host. `path` as written; a leading `~/` is the operator's home directory. */
  | { readonly kind: 'static'; readonly path: string }
  /** HTTPS, with the token as its password. */
  | { readonly kind: 'token'; readonly tokenVariable: string; readonly username?: string }
  /** SSH, with a deploy key that is made for each launch. `apiUrl`: default, at the upstream's host. */
  | {
      readonly kind: 'deploy';
      readonly forge: Forge;
      readonly tokenVariable: string;
      readonly apiUrl?: string;
    };

/** What a push may do; `false`: nothing. */
export type GitPush =
  | false
  | {
      /** Globs of branch names; `null`: any but the upstream's default branch. */
      readonly branches: readonly string[] | null;
      /** Whether it may make branches. */
      readonly create: boolean;
      /** Whether it may drop commits. */
      readonly force: boolean;
      readonly delete: boolean;
      readonly tags: boolean;
    };

export interface GitRepo {
  /** Name of the bare repository in the gate: `[A-Za-z0-9._-]+`, not only dots, not starting with `-`. */
  readonly name: string;
  /** As written: `ssh://user@host:port/path` or `https://host:port/path`. */
  readonly url: string;
  /** `user` is empty with HTTPS; `port` defaults to the scheme's; `path` starts with `/`. */
  readonly upstream: {
    readonly scheme: 'ssh' | 'https';
    readonly user: string;
    readonly host: string;
    readonly port: number;
    readonly path: string;
  };
  /** `TYPE BASE64`, as in known_hosts without the host. The gate refuses to connect without one. */
  readonly hostKey?: string;
  readonly key: GitKey;
  readonly push: GitPush;
  /** Host name -> IP address, for the gate's hosts file. */
  readonly extraHosts: Readonly<Record<string, string>>;
}

/** All conditions of an entry must hold; a request must match at least one entry of its route. */
export interface RouteMatch {
  readonly paths?: readonly { readonly type: 'prefix' | 'exact' | 'regex'; readonly value: string }[];
  /** Uppercase. */
  readonly methods?: readonly string[];
  /** `name` is lowercase. */
  readonly headers?: readonly {
    readonly type: 'exact' | 'regex';
    readonly name: string;
    readonly value: string;
  }[];
}

export type OutboundDetector = 'token_patterns' | 'known_secrets' | 'entropy';
export type InboundDetector = 'naive_injection_detection';

/** Defaults: all detectors except `entropy`, and `supervise`. An empty list means no detectors. */
export interface RouteDlp {
  readonly outboundDetectors?: readonly OutboundDetector[];
  readonly inboundDetectors?: readonly InboundDetector[];
  readonly outboundOnMatch?: 'block' | 'redact' | 'supervise';
  readonly outboundLowRisk?: 'find' | 'pass';
}

export interface RouteCredential {
  /** Lowercase name of the header that egress sets; absent: `authorization`. */
  readonly header?: string;
  /** The word before the token; `none` for the token alone. Absent only with `query`. */
  readonly scheme?: 'Bearer' | 'token' | 'Basic' | 'none';
  /** Name of the query parameter that egress sets instead of a header. */
  readonly query?: string;
  /** Name of the host variable that holds the token. */
  readonly tokenRef: string;
}

export interface ManifestRoute {
  /** Lowercase DNS name, or `*.` and a name for every name below it, but not the name itself. */
  readonly host: string;
  readonly auth?: RouteCredential;
  /** Absent: any request. Never empty. */
  readonly matches?: readonly RouteMatch[];
  /** Absent: no clone or fetch over HTTPS. */
  readonly git?: { readonly fetch: boolean };
  readonly dlp?: RouteDlp;
  /** The only TCP port; absent: 443, and 80 for plain HTTP. */
  readonly port?: number;
  /** Whether the host may resolve to a private address. */
  readonly private?: boolean;
}

export interface EgressPolicy {
  readonly routes: readonly ManifestRoute[];
  /** How much is logged: 0 only refusals, 1 also failures, 2 everything. */
  readonly log: 0 | 1 | 2;
  /** Whether egress goes through pipelock. Absent: it does not. */
  readonly pipelock?: true;
  /** Whether denials are recorded for `make learn`. */
  readonly learn: boolean;
  /** Whether refused connections are accepted, to explain inside TLS. Absent: they are. */
  readonly explainDenials?: false;
}

export interface ProviderChoice {
  readonly template: string;
  /** Program and arguments, for a provider that names none. */
  readonly command?: readonly string[];
  /** As written in the manifest; see `dockerfile.ts`. */
  readonly dockerfile?: string;
  readonly credential?: ChosenCredential | undefined;
  /** MCP servers over HTTP: name -> URL. */
  readonly mcpServers: Readonly<Record<string, string>>;
}

/** The credential of the agent's provider that a bottle chose. */
export interface ChosenCredential {
  /** One of the provider's kinds; not checked yet. */
  readonly kind: string;
  /** Name of the host variable that holds it; absent for a sign-in of the host. */
  readonly tokenRef?: string;
}

export interface AgentManifest extends ManifestFile {
  /** The system prompt: the body of the agent's file, trimmed; may be empty. */
  readonly prompt: string;
  /** Names of skill directories, without duplicates, in file order. */
  readonly skills: readonly string[];
}

/** What the agent's output may do to the operator's terminal beyond being shown. */
export interface TerminalPolicy {
  readonly clipboard: boolean;
}

/** A bottle including its parents and defaults. */
export interface BottleManifest {
  readonly env: Readonly<Record<string, EnvValue>>;
  /** Paths of dotenv files as written, the later the stronger; `env` wins. */
  readonly envFiles: readonly string[];
  readonly provider: ProviderChoice;
  /** `user` already includes the agent's own identity. */
  readonly gitGate: { readonly user: GitUser; readonly repos: readonly GitRepo[] };
  readonly egress: EgressPolicy;
  readonly terminal: TerminalPolicy;
  readonly supervise: boolean;
}

/** One agent and the bottle it runs in, validated. Contains names of host variables, never their values. */
export interface Manifest {
  readonly agent: AgentManifest;
  /** The chosen bottles in order; later ones override earlier ones. */
  readonly bottles: readonly [ManifestFile, ...ManifestFile[]];
  readonly bottle: BottleManifest;
  readonly origins: Origins;
  /** Human-readable warnings about ignored files, one sentence each. */
  readonly warnings: readonly string[];
}
