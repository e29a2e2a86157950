#!/usr/bin/env node
import { decidedText } from '../lib/commands/supervise/decided-text.ts';
import { proposalText } from '../lib/commands/supervise/proposal-text.ts';
import { approvalOf } from '../lib/commands/supervise/verdict-of.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { decide, requireProposal } from '../lib/supervise/decide.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'approve',
    summary: 'approve what the agent of a bottle asks for, or answer its question',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      id: { type: 'string', help: 'the proposal, such as p-0r3k7m', required: true },
      for: { type: 'string', help: 'for how long, such as 10m; default what was asked for' },
      uses: { type: 'string', help: 'for how many requests, instead of a time' },
      answer: { type: 'string', help: 'the answer to a question, or the number of a choice' },
      note: { type: 'string', help: 'what the agent is to read with it' },
      json: { type: 'boolean', help: 'print the decision as JSON' },
    },
  });
  if (flags === undefined) return 0;
  const proposal = await requireProposal(flags.bottle, flags.id);
  if (flags.verbosity !== 'quiet') line(proposalText(proposal, Date.now()));
  const decision = await decide(proposal, approvalOf(proposal.request, flags));
  if (flags.json) process.stdout.write(`${asciiJson(decision)}\n`);
  else if (flags.verbosity !== 'quiet') line(decidedText(proposal, decision));
  return 0;
});
