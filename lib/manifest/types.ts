import type { EnvValue } from './env-value.ts';

/** Where a manifest file was found: the operator's own, or the kit's examples. */
export type Origin = 'home' | 'examples';

export interface ManifestFile {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly origin: Origin;
}

export interface AgentManifest extends ManifestFile {
  /** The system prompt: the body of the agent's file, stripped; empty when there is none. */
  readonly prompt: string;
}

export interface ManifestRoute {
  /** DNS name in lower case. */
  readonly host: string;
  readonly auth?: {
    /** First word of the `Authorization` header that egress sends upstream. */
    readonly scheme: 'Bearer' | 'token';
    /** Name of the host variable that holds the token. */
    readonly tokenRef: string;
  };
}

export interface ProviderChoice {
  readonly template: string;
  /** Program and arguments; present exactly when `template` is `command`. */
  readonly command?: readonly string[];
  /** As written in the manifest, see `dockerfile.ts`. */
  readonly dockerfile?: string;
}

export interface BottleManifest extends ManifestFile {
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly routes: readonly ManifestRoute[];
  readonly provider: ProviderChoice;
}

/** One agent and the bottle it runs in, validated; holds names of host variables, never their values. */
export interface Manifest {
  readonly agent: AgentManifest;
  readonly bottle: BottleManifest;
}
