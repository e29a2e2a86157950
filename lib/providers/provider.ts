/** How a kind of agent is started in the guest. */
export interface Provider {
  template: string;
  /** The guest's user that the agent runs as. */
  user: string;
  home: string;
  /** The agent's argv; `configured` is the manifest's `agent_provider.command`. */
  command(configured: readonly string[] | undefined): readonly string[];
}
