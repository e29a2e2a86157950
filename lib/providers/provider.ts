import type { ManifestRoute, ProviderChoice } from '../manifest/types.ts';

/** How an agent hears of its system prompt: its variable `BOT_BOTTLE_PROMPT_FILE`, or an option that names the file. */
export type PromptMode = 'variable' | 'append-file';

/**
 * What `$BOT_BOTTLE_HOME/contrib/<name>/provider.ts` exports as its default: a kind of agent of the operator's own.
 *
 *     import type { UserProvider } from 'bottle-kit/provider';
 *     export default {
 *       command: ['aider', '--yes-always'],
 *       environment: { AIDER_ANALYTICS: 'false' },
 *     } satisfies UserProvider;
 *
 * Node strips the types, and the import with them, when the kit loads the module on the host. A `Dockerfile` beside it
 * is the provider's image.
 */
export interface UserProvider {
  /** Program and arguments that start the agent. No shell reads them. */
  command: string[];
  /** User of the image that the agent runs as; `node` when absent. */
  user?: string | undefined;
  /** Absolute path of that user's home in the guest; `/home/node` when absent. */
  home?: string | undefined;
  /** Variables of the agent. Never secrets; the bottle's own `env` wins. */
  environment?: Record<string, string> | undefined;
}

/** A kind of agent: which image it has, how it is started in the guest. */
export interface Provider {
  readonly template: string;
  /** Repository of images that are built for it. */
  readonly image: string;
  /** Absolute path of the Dockerfile that is used when the bottle names none. */
  readonly dockerfile?: string;
  /** The guest's user that the agent runs as. */
  readonly user: string;
  readonly home: string;
  readonly promptMode: PromptMode;
  /** Variables of the agent, all public; the manifest's own win. */
  readonly environment: Readonly<Record<string, string>>;
  /** Hosts that it cannot do without, and the credential that goes with them; they win over the bottle's own routes. */
  routes?(choice: ProviderChoice): readonly ManifestRoute[];
  /** The agent's argv; `configured` is the manifest's `agent_provider.command`. */
  command(configured: readonly string[] | undefined): readonly string[];
}
