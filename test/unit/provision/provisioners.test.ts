import { expect, it } from 'vitest';
import type { Bottle } from '../../../lib/guest/bottle.ts';
import type { Plan } from '../../../lib/plan/schema.ts';
import type { ProvisionContext, Provisioner } from '../../../lib/provision/provisioner.ts';
import { PROVISIONERS, provisionGuest } from '../../../lib/provision/provisioners.ts';

/** A guest that keeps the scripts that it was given. */
function guest(): { bottle: Bottle; scripts: string[] } {
  const scripts: string[] = [];
  const runScript = async (_purpose: string, script: string) => {
    scripts.push(script);
    return '';
  };
  return { bottle: { runScript } as unknown as Bottle, scripts };
}

const context = { plan: { slug: 'demo-a1b2c' } as Plan } as Omit<ProvisionContext, 'addScript'>;

const adding = (name: string, applies = true): Provisioner => ({
  name,
  applies: () => applies,
  provision: async (_bottle, { addScript }) => addScript(`echo ${name}`),
});

it('provisioners reach the guest in their declared order, with one script', async () => {
  const { bottle, scripts } = guest();
  await provisionGuest(bottle, context, [adding('first'), adding('second'), adding('third')]);
  expect(scripts).toEqual(['set -e\necho first\necho second\necho third']);
});

it('a provisioner that does not apply to the plan is skipped', async () => {
  const { bottle, scripts } = guest();
  await provisionGuest(bottle, context, [adding('first'), adding('second', false), adding('third')]);
  expect(scripts).toEqual(['set -e\necho first\necho third']);
});

it('the CA comes before the environment and the prompt, and the channel before all of them', () => {
  expect(PROVISIONERS.map(({ name }) => name)).toEqual([
    ...['channel', 'ca', 'environment', 'prompt'],
    ...['git', 'files', 'skills'],
  ]);
});
