import { BottleError } from '../errors.ts';
import { writeAgentFileScript } from '../guest/shell-script.ts';
import { findSkill } from '../skills/find-skill.ts';
import { readSkill } from '../skills/read-skill.ts';
import type { Provisioner } from './provisioner.ts';

/** Copies the operator's skills to where the agent looks for them, as the agent's own files. */
export const skills: Provisioner = {
  name: 'skills',
  applies: (plan) => plan.skills.length > 0,
  async provision(bottle, { plan, provider, addScript }) {
    for (const name of plan.skills) {
      const directory = await findSkill(name);
      if (directory === undefined) {
        throw new BottleError('skill-missing', `the skill ${name} is not installed on this host any more`);
      }
      for (const { path, content, isExecutable } of await readSkill(directory)) {
        const target = `${bottle.agent.home}/${provider.skills}/${name}/${path}`;
        addScript(writeAgentFileScript(bottle.agent, target, content, isExecutable ? '0700' : '0600'));
      }
    }
  },
};
