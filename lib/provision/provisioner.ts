import type { ChannelContext } from '../channels/channel.ts';
import type { Bottle } from '../guest/bottle.ts';
import type { Plan } from '../plan/schema.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';

/** Results of earlier phases that provisioners need. */
export interface ProvisionContext {
  readonly plan: Plan;
  readonly provider: LoadedProvider;
  /** The bottle's label; may be empty. */
  readonly label: string;
  readonly channel: ChannelContext;
  /** Host path of the CA certificate that the guest must trust. */
  readonly caCertificate: string;
  /** All variables of the agent. Values may be secret and must only go into the guest's memory. */
  readonly environment: Readonly<Record<string, string>>;
  /** URL of the git gate as the guest sees it, if there is one. */
  readonly gitGate: string | undefined;
  /** URL of the supervise daemon as the guest sees it, if the bottle is supervised. */
  readonly supervise: string | undefined;
  /** Guest path of the prompt. */
  readonly promptFile: string;
  /**
   * Adds a shell script that root runs in the guest under `set -e`. All scripts run in one exec, in the order
   * of addition, since smolvm may kill each exec soon after start. They must be safe to run twice.
   */
  addScript(script: string): void;
}

/** Puts one thing into a running guest. `provisioners.ts` lists provisioners in running order. */
export interface Provisioner {
  readonly name: string;
  applies(plan: Plan): boolean;
  provision(bottle: Bottle, context: ProvisionContext): Promise<void>;
}
