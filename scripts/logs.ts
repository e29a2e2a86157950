#!/usr/bin/env node
import { printDaemonLogs } from '../lib/commands/logs/daemon-logs.ts';
import { printLogs } from '../lib/commands/logs/logs.ts';
import { parseLines, parseSince } from '../lib/commands/logs/since.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'logs',
    summary: 'print what a bottle’s egress let out and refused, or what its daemons said',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      follow: { type: 'boolean', help: 'go on as there is more, until the bottle ends' },
      denied: { type: 'boolean', help: 'only what policy refused' },
      since: { type: 'string', help: 'only what ended since: 90s, 10m, 2h, 3d ago, or a time' },
      lines: { type: 'string', help: 'the last so many of what is there; default 100, 0 for all' },
      json: { type: 'boolean', help: 'the lines as egress wrote them' },
      daemons: { type: 'boolean', help: 'what the daemons said instead' },
    },
    notes: ['How much egress writes down is up to `egress.log` of the bottle: 0, 1 or 2.'],
  });
  if (flags === undefined) return 0;
  const { bottle, follow, denied, json, since } = flags;
  if (flags.daemons) {
    await printDaemonLogs(bottle, { follow, signal });
    return 0;
  }
  await printLogs(bottle, {
    follow,
    json,
    denied,
    since: since === undefined ? undefined : parseSince(since, Date.now()),
    // A time says by itself how much is wanted.
    lines: flags.lines === undefined ? (since === undefined ? 100 : 0) : parseLines(flags.lines),
    signal,
  });
  return 0;
});
