import { type Plan, planSchema } from '../plan/schema.ts';
import type { Phase } from './phase.ts';

/** Resolves manifest, host and versions into an immutable plan and the files that daemons and agent read. */
export const prepare: Phase<Plan> = {
  name: 'prepare',
  summary: 'resolve the manifest into a plan, and check everything that can be checked in advance',
  needs: [],
  record: planSchema,
  durable: true,

  async run(context) {
    const { preparePlan } = await import('./prepare-plan.ts');
    return preparePlan(context);
  },

  async isAlive() {
    return true;
  },

  describe: (plan) => `${plan.agent.name} in ${plan.bottle.name}, smolvm ${plan.smolvm.version.join('.')}`,
};
