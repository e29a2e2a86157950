#!/usr/bin/env node
import { echo } from 'zx';
import { pendingUndo } from '../lib/bottle/journal.ts';
import { createForks } from '../lib/commands/fork/fork.ts';
import { freeze } from '../lib/commands/freeze/freeze.ts';
import { detach } from '../lib/commands/hold/detach.ts';
import { launchSteps } from '../lib/commands/launch/launch-steps.ts';
import { SESSION_FLAGS, sessionRequest } from '../lib/commands/launch/session-flags.ts';
import { BottleError } from '../lib/errors.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

/** More would be a mistake: each takes an address, a network and the memory of a guest. */
const MOST_FORKS = 12;

await runScript(async ({ signal }) => {
  const { prompt, format, timeout } = SESSION_FLAGS;
  const flags = parseFlags({
    name: 'fork',
    summary: 'start more bottles from a freeze of this one, each with its own identity',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      count: { type: 'string', help: `how many; 1 when absent, at most ${MOST_FORKS}` },
      last: { type: 'boolean', help: 'from its last freeze, even if it is up' },
      ...{ prompt, 'prompt-file': SESSION_FLAGS['prompt-file'], format, timeout },
      json: { type: 'boolean', help: 'print the names as JSON on stdout' },
    },
    notes: [
      'A bottle that is up is frozen first, and runs on.',
      'With a prompt, the agent of each continues with it, without a terminal; `make logs AGENT_OUTPUT=1` shows what it prints.',
    ],
  });
  if (flags === undefined) return 0;
  const count = countOf(flags.count ?? '1');
  const request = await sessionRequest(flags, true);
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  await requireBottle(flags.bottle);
  if (!flags.last && (await pendingUndo(flags.bottle)).length > 0) {
    await freeze(flags.bottle, { signal, say, searches: false, onStart: () => () => {} });
  }
  const slugs = await createForks(flags.bottle, count);
  const steps = launchSteps(request, { ...flags, signal, yes: true, detach: false, force: true });
  for (const slug of slugs) {
    const plan = await steps.prepare(slug, signal);
    await steps.up(slug, signal);
    if (request.prompt === undefined)
      say(`${slug} is up; continue in it: make attach BOTTLE=${slug} RESUME=1`);
    else await detach({ slug, owns: false, learns: plan.egress.learn }, request, signal, say);
  }
  if (flags.json) echo(JSON.stringify(slugs));
  else for (const slug of slugs) echo(slug);
  return 0;
});

function countOf(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_FORKS) return count;
  throw new BottleError('usage', `the number of forks '${text}' is not between 1 and ${MOST_FORKS}`, {
    hint: 'Write N=3, for instance.',
  });
}
