import { environmentScript } from '../guest/session.ts';
import type { Provisioner } from './provisioner.ts';

/** Writes the agent's variables into the guest's memory. */
export const environment: Provisioner = {
  name: 'environment',
  applies: () => true,
  async provision(_bottle, context) {
    context.addScript(environmentScript(context.environment));
  },
};
