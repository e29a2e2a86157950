/** How `attach` runs the agent. */
export interface SessionRequest {
  /** The whole input of a session without a terminal; undefined for one on the operator's terminal. */
  readonly prompt?: string | undefined;
  /** Without a terminal: text, or the agent's own stream of events. */
  readonly format: 'text' | 'json';
  /** Milliseconds after which the agent is stopped, with exit code 124. */
  readonly timeoutMs?: number | undefined;
  /** Whether to continue the last session, if there is one. */
  readonly resume: boolean;
}

export const INTERACTIVE: SessionRequest = { format: 'text', resume: false };
