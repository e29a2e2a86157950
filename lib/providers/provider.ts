import type { ManifestRoute, ProviderChoice } from '../manifest/types.ts';

/**
 * How an agent finds its system prompt: the variable `BOT_BOTTLE_PROMPT_FILE`, or an option with the file.
 */
export type PromptMode = 'variable' | 'append-file';

/**
 * The default export of `$BOT_BOTTLE_HOME/contrib/<name>/provider.ts`, an operator's own kind of agent.
 *
 *     import type { UserProvider } from 'bottle-kit/provider';
 *     export default {
 *       command: ['aider', '--yes-always'],
 *       environment: { AIDER_ANALYTICS: 'false' },
 *     } satisfies UserProvider;
 *
 * Node strips the types and the type import when the kit loads the module on the host. A `Dockerfile` beside
 * it builds the provider's image.
 */
export interface UserProvider {
  /** Program and arguments that start the agent, without a shell. */
  command: string[];
  /** The agent's user, if the image has it; otherwise the image's USER. */
  user?: string | undefined;
  /** Absolute path of that user's home in the guest; as in the image's /etc/passwd when absent. */
  home?: string | undefined;
  /** Variables of the agent; must not be secret. The bottle's `env` takes precedence. */
  environment?: Record<string, string> | undefined;
}

/** A kind of agent: its image, and how it is started in the guest. */
export interface Provider {
  readonly template: string;
  /** Repository of the images that are built for it. */
  readonly image: string;
  /** Absolute path of the Dockerfile to use when the bottle names none. */
  readonly dockerfile?: string;
  /** The agent's user, if the image has it, and its home. */
  readonly user?: string | undefined;
  readonly home?: string | undefined;
  readonly promptMode: PromptMode;
  /** Variables of the agent, all public; the manifest's take precedence. */
  readonly environment: Readonly<Record<string, string>>;
  /** Routes that the agent requires, with their credentials; they take precedence over the bottle's. */
  routes?(choice: ProviderChoice): readonly ManifestRoute[];
  /** The agent's argv, empty for the image's own; `configured` is the manifest's `agent_provider.command`. */
  command(configured: readonly string[] | undefined): readonly string[];
}
