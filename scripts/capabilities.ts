#!/usr/bin/env node
import { capabilitiesText } from '../lib/commands/capabilities/capabilities-text.ts';
import { removeCapability } from '../lib/commands/capabilities/remove-capability.ts';
import { BottleError } from '../lib/errors.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { allCapabilities } from '../lib/supervise/capabilities-file.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'capabilities',
    summary: 'list what was approved to be added to the images of agents, or remove some of it',
    flags: {
      agent: { type: 'string', help: 'only this agent' },
      remove: { type: 'string', help: 'id of the proposal whose lines are to be added no more' },
      bottle: { type: 'string', help: 'with --remove: the bottle that asked, if several have used the id' },
      json: { type: 'boolean', help: 'print each agent as a line of JSON' },
    },
  });
  if (flags === undefined) return 0;
  const { agent, remove, bottle, json, verbosity } = flags;
  if (remove !== undefined) {
    if (!agent) throw new BottleError('usage', 'no agent was named', { hint: 'Add AGENT=x.' });
    const { id } = await removeCapability({ agent, id: remove, bottle });
    if (verbosity !== 'quiet') line(`${id}: further launches of ${agent} do without it`);
    return 0;
  }
  const found = (await allCapabilities()).filter((one) => !agent || one.agent.name === agent);
  const text = json ? found.map((one) => asciiJson(one)).join('\n') : capabilitiesText(found);
  if (text !== '') process.stdout.write(`${text}\n`);
  return 0;
});
