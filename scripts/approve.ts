#!/usr/bin/env node
import { changeText } from '../lib/commands/supervise/change-text.ts';
import { decidedText } from '../lib/commands/supervise/decided-text.ts';
import { narrowed } from '../lib/commands/supervise/narrow.ts';
import { proposalText } from '../lib/commands/supervise/proposal-text.ts';
import { approvalOf } from '../lib/commands/supervise/verdict-of.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { decide, requireProposal } from '../lib/supervise/decide.ts';
import { changeOf } from '../lib/supervise/grant.ts';
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
      methods: { type: 'string', help: 'only these methods, separated by commas' },
      below: { type: 'string', help: 'only paths below this one' },
      edit: { type: 'boolean', help: 'edit the route in $VISUAL or $EDITOR first' },
      answer: { type: 'string', help: 'the answer to a question, or the number of a choice' },
      note: { type: 'string', help: 'what the agent is to read with it' },
      json: { type: 'boolean', help: 'print the decision as JSON' },
    },
  });
  if (flags === undefined) return 0;
  const proposal = await requireProposal(flags.bottle, flags.id);
  if (flags.verbosity !== 'quiet') line(proposalText(proposal, Date.now()));
  const { methods, below, edit } = flags;
  const allowed = await narrowed(proposal.request, { methods, below, edit });
  const verdict = approvalOf(proposal.request, flags, allowed);
  const change = await changeOf(proposal, verdict);
  if (change !== undefined && flags.verbosity !== 'quiet') line(changeText(change));
  const decision = await decide(proposal, verdict, change?.version);
  if (flags.json) process.stdout.write(`${asciiJson(decision)}\n`);
  else if (flags.verbosity !== 'quiet') line(decidedText(proposal, decision));
  return 0;
});
