#!/usr/bin/env node
import { milliseconds } from '../lib/commands/launch/session-flags.ts';
import { stop } from '../lib/commands/stop/stop.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'stop',
    summary: 'ask the agent of a bottle to end, end it, and take the bottle down',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      timeout: { type: 'string', help: 'how long sessions get to end, such as 30s; default 20s' },
    },
    notes: ['The state of a bottle that no launch supervises is kept.'],
  });
  if (flags === undefined) return 0;
  const timeoutMs = flags.timeout === undefined ? undefined : milliseconds(flags.timeout);
  await stop(flags.bottle, timeoutMs, flags.verbosity === 'quiet' ? () => {} : line);
  return 0;
});
