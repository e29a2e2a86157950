#!/usr/bin/env node
import { decidedText } from '../lib/commands/supervise/decided-text.ts';
import { proposalText } from '../lib/commands/supervise/proposal-text.ts';
import { rejectionOf } from '../lib/commands/supervise/verdict-of.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { decide, requireProposal } from '../lib/supervise/decide.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'reject',
    summary: 'reject what the agent of a bottle asks for',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      id: { type: 'string', help: 'the proposal, such as p-0r3k7m', required: true },
      reason: { type: 'string', help: 'what the agent is to read with it', required: true },
      json: { type: 'boolean', help: 'print the decision as JSON' },
    },
  });
  if (flags === undefined) return 0;
  const proposal = await requireProposal(flags.bottle, flags.id);
  if (flags.verbosity !== 'quiet') line(proposalText(proposal, Date.now()));
  const decision = await decide(proposal, rejectionOf(flags.reason));
  if (flags.json) process.stdout.write(`${asciiJson(decision)}\n`);
  else if (flags.verbosity !== 'quiet') line(decidedText(proposal, decision));
  return 0;
});
