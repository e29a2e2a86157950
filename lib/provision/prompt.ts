import { readFile } from 'node:fs/promises';
import { bottlePaths } from '../bottle/paths.ts';
import { writeAgentFileScript } from '../guest/shell-script.ts';
import type { Provisioner } from './provisioner.ts';

/** Writes the system prompt into the agent's home; the file is empty for an agent without one. */
export const prompt: Provisioner = {
  name: 'prompt',
  applies: () => true,
  async provision(bottle, { promptFile, addScript }) {
    const text = await readFile(bottlePaths.prompt(bottle.slug), 'utf8');
    addScript(writeAgentFileScript(bottle.agent, promptFile, text, '0600'));
  },
};
