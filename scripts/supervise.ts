#!/usr/bin/env node
import { pendingText, problemLines, proposalText } from '../lib/commands/supervise/proposal-text.ts';
import { runScreen } from '../lib/commands/supervise/screen/run-screen.ts';
import { watchQueues } from '../lib/commands/supervise/watch-queues.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { pendingProposals } from '../lib/supervise/queues.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'supervise',
    summary: 'show what agents ask for, and decide about it; they are told that somebody watches',
    flags: {
      bottle: { type: 'string', help: 'only this bottle' },
      once: { type: 'boolean', help: 'print what is pending, and end' },
      json: { type: 'boolean', help: 'print each proposal as a line of JSON' },
    },
    notes: ['Without a terminal, prints what comes; decide with `make approve` and `make reject`.'],
  });
  if (flags === undefined) return 0;
  if (flags.bottle !== undefined) await requireBottle(flags.bottle);
  const bottles = flags.bottle === undefined ? undefined : [flags.bottle];
  const shown = new Set<string>();
  if (flags.once) {
    const found = await pendingProposals(bottles);
    for (const text of problemLines(found)) line(`warning: ${text}`);
    if (!flags.json) process.stdout.write(`${pendingText(found, Date.now())}\n`);
    for (const proposal of flags.json ? found.flatMap(({ pending }) => pending) : [])
      process.stdout.write(`${asciiJson(proposal)}\n`);
    return 0;
  }
  if (!flags.json && canDraw()) {
    await runScreen((ended) => watchQueues(bottles, ended), signal);
    return 0;
  }
  if (flags.verbosity !== 'quiet') line('printing what is asked, as it comes; Ctrl-C ends it');
  for await (const found of watchQueues(bottles, signal)) {
    for (const text of problemLines(found)) {
      if (!shown.has(text)) line(`warning: ${text}`);
      shown.add(text);
    }
    for (const proposal of found.flatMap(({ pending }) => pending)) {
      const key = `${proposal.bottle} ${proposal.id}`;
      if (shown.has(key)) continue;
      shown.add(key);
      process.stdout.write(
        flags.json ? `${asciiJson(proposal)}\n` : `${proposalText(proposal, Date.now())}\n\n`,
      );
    }
  }
  return 0;
});

/** Whether a screen can be shown, and keys read. */
function canDraw(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb';
}
