import type { ChannelContext } from '../channels/channel.ts';
import type { Bottle } from '../guest/bottle.ts';
import type { Plan } from '../plan/schema.ts';

/** What earlier phases found out, as far as provisioners need it. */
export interface ProvisionContext {
  readonly plan: Plan;
  readonly channel: ChannelContext;
  /** Path on the host of the CA certificate that the guest has to trust. */
  readonly caCertificate: string;
  /** Every variable of the agent. Values may be secret: they go into the guest's memory and nowhere else. */
  readonly environment: Readonly<Record<string, string>>;
  /** Path of the prompt in the guest. */
  readonly promptFile: string;
  /**
   * Adds a shell script that root runs in the guest, under `set -e`. The scripts of all provisioners run in one exec,
   * in the order in which they were added: each exec soon after start may be killed by smolvm. They must be safe to
   * run twice.
   */
  addScript(script: string): void;
}

/** Puts one thing into a running guest. `provisioners.ts` lists them in the order in which they run. */
export interface Provisioner {
  readonly name: string;
  applies(plan: Plan): boolean;
  provision(bottle: Bottle, context: ProvisionContext): Promise<void>;
}
